import { connect } from 'node:net'
import { Observable } from 'rxjs'
import { type Dial, TransportError } from '../stream/connection.js'
import { guardedLookup } from './lookup.js'
import { toTransportError } from './node-error.js'
import type { Lookup } from './node-types.js'
import { requireAddress, requireDelay, requireHost, requirePort } from './options.js'
import { DEFAULT_LINGER, fromReads, SocketReads } from './socket-connection.js'

/** How long an attempt may take, name look-up included, milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT = 10_000

/** Where {@link tcp} dials, and how. */
export interface TcpOptions {
  /**
   * IP address, without brackets, or name. Other forms of an address (`127.1`) are refused, and so are blanks, control and
   * invisible characters: look-ups end at some of them and pass over others.
   */
  readonly host: string
  /** 0 to 65535. */
  readonly port: number
  /** How long the attempt may take, name look-up included. Default 10,000 ms. */
  readonly connectTimeout?: number
  /** The IP address of ours to dial from. Default: the system's choice. */
  readonly localAddress?: string
  /**
   * Looks names up, with the signature of `dns.lookup`, which is the default. Not asked for IP addresses. Where it throws,
   * or answers with what is no address, the attempt errors.
   */
  readonly lookup?: Lookup
  /** How long `close` waits for the flush and for the remote's FIN before it destroys the socket. Default 2,000 ms. */
  readonly linger?: number
}

/**
 * Dials over TCP. Each subscription is one attempt: it emits the connection and completes, or errors with a
 * `TransportError`. Unsubscribing before the emission ends the attempt; afterwards it does nothing, the connection
 * belongs to whoever took it.
 * @throws TypeError where an option is invalid, at the call
 */
export function tcp(options: TcpOptions): Dial {
  const { host, port, connectTimeout = DEFAULT_CONNECT_TIMEOUT, linger = DEFAULT_LINGER } = options
  const { localAddress, lookup } = options
  requireHost(host)
  requirePort(port)
  requireDelay('connectTimeout', connectTimeout)
  requireDelay('linger', linger)
  if (localAddress !== undefined) requireAddress('localAddress', localAddress)
  const at = `${host}:${port}`

  return new Observable(subscriber => {
    const reads = new SocketReads()
    const socket = connect({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      onread: reads,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(lookup === undefined ? {} : { lookup: guardedLookup(lookup) }),
    })
    const timer = setTimeout(() => {
      subscriber.error(
        new TransportError('connect-timeout', `no connection to ${at} within ${connectTimeout} ms`),
      )
    }, connectTimeout)
    const failed = (error: Error) => subscriber.error(toTransportError(error, at, 'dialling'))
    const connected = () => {
      clearTimeout(timer)
      socket.off('error', failed)
      subscriber.remove(giveUp)
      subscriber.next(fromReads(socket, reads, { linger }))
      subscriber.complete()
    }
    // Its error listener stays: whatever a dying socket still reports goes to a closed subscriber.
    const giveUp = () => {
      clearTimeout(timer)
      socket.off('connect', connected)
      socket.destroy()
    }
    subscriber.add(giveUp)
    socket.once('connect', connected)
    socket.on('error', failed)
  })
}
