import { type Observable, Subject } from 'rxjs'
import type { Connection, Endpoint } from '../stream/connection.js'
import { Deframer } from '../wire/deframer.js'
import { encodeFrame } from '../wire/frame.js'
import { decodeMessage, encodeMessage, type Message, wireName } from '../wire/messages.js'
import { type Network, regtest } from '../wire/network.js'

/** What a scripted remote did to its connection. */
export type ConnectionEnd = 'close' | 'abort'

/** A remote whose every word is in a diagram: the other side of `connect` and `accept` in marble tests. */
export interface ScriptedRemote {
  /** Give it to `accept`, or to `connect` inside `of(…)`. */
  readonly connection: Connection
  /** What the peer writes, at the moment it writes. */
  readonly sent$: Observable<Message>
  /** How the peer ended the connection. */
  readonly ended$: Observable<ConnectionEnd>
}

/** Options of {@link scriptedRemote}. */
export interface ScriptedRemoteOptions {
  /** Default: regtest. */
  readonly network?: Network
  /** Protocol version that both sides' payloads are coded for. Default: the newest. */
  readonly protocolVersion?: number
  /** The remote's address. Default 127.0.0.1:18444. */
  readonly remote?: Endpoint
  /** Bytes written by the peer are taken only when this says so. Default: at once. */
  readonly taking?: (written: () => void) => void
}

/** A message in its v1 frame. */
export function frameOf(message: Message, network: Network = regtest, protocolVersion?: number): Uint8Array {
  return encodeFrame(network.magic, wireName(message), encodeMessage(message, { protocolVersion }))
}

/**
 * A remote that says what `inbound` emits, and records what it hears. Values are messages, or bytes where something is
 * to be wrong; completing is an EOF, an error is a broken connection.
 * @example
 * const remote = scriptedRemote(hot('-v-a-p', { v: version, a: verack, p: ping }))
 * expectObservable(remote.sent$).toBe('…')
 */
export function scriptedRemote(
  inbound: Observable<Message | Uint8Array>,
  options: ScriptedRemoteOptions = {},
): ScriptedRemote {
  const { network = regtest, protocolVersion, remote = { host: '127.0.0.1', port: 18444 } } = options
  const { taking = (written: () => void) => written() } = options
  const sent = new Subject<Message>()
  const ended = new Subject<ConnectionEnd>()
  const bytes = new Subject<Uint8Array>()
  const outbound = new Deframer(network.magic)
  let over = false
  const end = (how: ConnectionEnd) => {
    if (over) return
    over = true
    ended.next(how)
    ended.complete()
    sent.complete()
  }
  inbound.subscribe({
    next: value => bytes.next(value instanceof Uint8Array ? value : frameOf(value, network, protocolVersion)),
    error: error => bytes.error(error),
    complete: () => bytes.complete(),
  })
  return {
    sent$: sent,
    ended$: ended,
    connection: {
      bytes$: bytes,
      write: (chunk, written = () => {}) => {
        if (over) return
        outbound.push(chunk)
        for (let frame = outbound.next(); frame !== undefined; frame = outbound.next()) {
          sent.next(decodeMessage(frame.name, frame.payload, { protocolVersion }))
        }
        taking(written)
      },
      pause: () => {},
      resume: () => {},
      close: () => end('close'),
      abort: () => end('abort'),
      local: undefined,
      remote,
      proxied: false,
    },
  }
}
