import { createServer } from 'node:net'
import { Observable } from 'rxjs'
import type { Connection, Endpoint } from '../stream/connection.js'
import { toTransportError } from './node-error.js'
import { requireDelay, requireHost, requirePort } from './options.js'
import { DEFAULT_LINGER, fromSocket } from './socket-connection.js'

/** Where {@link listen} listens, and how. */
export interface ListenOptions {
  /** 0 to 65535; 0 takes any free port, and `listening` tells which. */
  readonly port: number
  /**
   * The address of ours to listen at. Default `127.0.0.1`: only this machine can connect until more is asked for;
   * `0.0.0.0` is every IPv4 address, `::` every address.
   */
  readonly host?: string
  /** How many connections may wait to be accepted; the system caps it. Default 511. */
  readonly backlog?: number
  /** Told the address and port once connections can come in, once per subscription. */
  readonly listening?: (endpoint: Endpoint) => void
  /** How long `close` of a connection waits before it destroys the socket. Default 2,000 ms. */
  readonly linger?: number
}

/**
 * Listens for TCP connections. Cold: subscribing listens, and each connection that comes in is emitted. Errors with a
 * `TransportError` where it cannot listen (`address-in-use`) or accept, and never completes. Unsubscribing frees the
 * port at once and leaves the connections that were emitted alone: each belongs to whoever took it, and one that
 * nobody took stays open.
 * @throws TypeError where an option is invalid, at the call
 */
export function listen(options: ListenOptions): Observable<Connection> {
  const { port, host = '127.0.0.1', backlog = 511, listening, linger = DEFAULT_LINGER } = options
  requirePort(port)
  requireHost(host)
  requireDelay('linger', linger)
  if (!Number.isInteger(backlog) || backlog < 1) {
    throw new TypeError(`backlog must be a positive integer, not ${backlog}`)
  }

  return new Observable(subscriber => {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    server.on('connection', socket => {
      if (subscriber.closed) socket.destroy()
      else subscriber.next(fromSocket(socket, { linger }))
    })
    server.on('error', error => subscriber.error(toTransportError(error, `${host}:${port}`, 'connected')))
    server.on('listening', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return
      listening?.({ host: address.address, port: address.port })
    })
    subscriber.add(() => server.close())
    server.listen({ host, port, backlog })
  })
}
