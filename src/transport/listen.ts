import { createServer } from 'node:net'
import { Observable } from 'rxjs'
import type { Connection, Endpoint, TransportError } from '../stream/connection.js'
import { callbackFailed } from './callback.js'
import { toTransportError } from './node-error.js'
import { requireCap, requireDelay, requireHost, requirePort } from './options.js'
import { Places } from './places.js'
import { DEFAULT_LINGER, fromSocket, remoteEnd } from './socket-connection.js'

/** Why {@link listen} did not emit what came in. */
export interface Refusal {
  /**
   * `accept-failed`: the system could not hand it over. Without file descriptors (EMFILE) Node mostly closes what comes
   * in and tells nobody; a cap below that limit does.
   */
  readonly why: 'max-connections' | 'max-per-address' | 'accept-failed'
  /** Who it was, where the system tells. */
  readonly remote: Endpoint | undefined
  /** What the system said, where that is why. */
  readonly cause?: TransportError
}

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
  /**
   * How many connections may be open together. What comes above is refused: its socket is destroyed at once, and those
   * that are there stay. A connection counts from its emission until its socket is closed, also after whoever took it has
   * called `close` and lingers. Default Infinity.
   */
  readonly maxConnections?: number
  /**
   * The same for each remote address; an IPv4 address counts as one in either form (`::ffff:`). An IPv6 host commonly has
   * 2^64 of them, so this is no substitute for `maxConnections`. Default Infinity.
   */
  readonly maxPerAddress?: number
  /**
   * Told of each that was refused. What it throws is dropped: remotes decide when it is called, and must not be able to
   * end the listener by it.
   */
  readonly refused?: (refusal: Refusal) => void
  /**
   * Told the address and port once connections can come in, once per subscription. Where it throws, the listener errors
   * `callback-failed`.
   */
  readonly listening?: (endpoint: Endpoint) => void
  /** How long `close` of a connection waits before it destroys the socket. Default 2,000 ms. */
  readonly linger?: number
}

/**
 * Listens for TCP connections. Cold: subscribing listens, and each connection that comes in is emitted. Errors with a
 * `TransportError` where it cannot listen (`address-in-use`), and never completes; a connection that the system fails to
 * accept is refused and ends nothing. Unsubscribing frees the port at once and leaves the connections that were emitted
 * alone: each belongs to whoever took it, and one that nobody took stays open.
 * @throws TypeError where an option is invalid, at the call
 */
export function listen(options: ListenOptions): Observable<Connection> {
  const { port, host = '127.0.0.1', backlog = 511, linger = DEFAULT_LINGER } = options
  const { maxConnections = Number.POSITIVE_INFINITY, maxPerAddress = Number.POSITIVE_INFINITY } = options
  const { listening, refused } = options
  const bounded = Math.min(maxConnections, maxPerAddress) < Number.POSITIVE_INFINITY
  requirePort(port)
  requireHost(host)
  requireDelay('linger', linger)
  requireCap('maxConnections', maxConnections)
  requireCap('maxPerAddress', maxPerAddress)
  if (!Number.isInteger(backlog) || backlog < 1) {
    throw new TypeError(`backlog must be a positive integer, not ${backlog}`)
  }

  return new Observable(subscriber => {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    // Nobody has to count what may be any number.
    const places = bounded ? new Places(maxConnections, maxPerAddress) : undefined
    const refuse = (refusal: Refusal) => {
      try {
        refused?.(refusal)
      } catch {
        // Nobody is left to tell, see `refused`.
      }
    }
    server.on('connection', socket => {
      if (subscriber.closed) {
        socket.destroy()
        return
      }
      if (places !== undefined) {
        const remote = remoteEnd(socket)
        // Who has gone already has no address any more: those share one.
        const address = remote?.host ?? ''
        const full = places.take(address)
        if (full !== undefined) {
          socket.destroy()
          refuse({ why: full, remote })
          return
        }
        socket.once('close', () => places.leave(address))
      }
      subscriber.next(fromSocket(socket, { linger }))
    })
    server.on('error', error => {
      const cause = toTransportError(error, `${host}:${port}`, 'connected')
      if (server.listening) refuse({ why: 'accept-failed', remote: undefined, cause })
      else subscriber.error(cause)
    })
    server.on('listening', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return
      try {
        listening?.({ host: address.address, port: address.port })
      } catch (cause) {
        subscriber.error(callbackFailed('listening', cause))
      }
    })
    subscriber.add(() => server.close())
    server.listen({ host, port, backlog })
  })
}
