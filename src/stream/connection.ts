import type { Observable } from 'rxjs'

/** Everything a transport reports, by stable code. */
export const transportFaults = {
  'connection-refused': 'nothing listens at the address',
  'connection-reset':
    'the remote tore the connection down (RST), or it was written to after the remote had gone',
  'connect-timeout': 'the connection was not there within the connect timeout',
  'host-unreachable': 'no route leads to the host or its network',
  'host-not-found': 'the name of the host cannot be looked up',
  'address-in-use': 'another program already listens at the address',
  'callback-failed': 'a callback that the user gave us failed; the message names it, `cause` is its error',
  'connection-failed': 'the transport failed in a way that has no code of its own; `cause` tells',
} as const satisfies Record<string, string>

/** The stable code of a {@link TransportError}; {@link transportFaults} says what each means. */
export type TransportErrorCode = keyof typeof transportFaults

/** The one error of transports; `cause` is the platform's own error. */
export class TransportError extends Error {
  /** Tells this error apart where classes cannot, as in logs. */
  override readonly name = 'TransportError'
  /** What went wrong, as a fact. */
  readonly code: TransportErrorCode

  constructor(code: TransportErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? transportFaults[code], options)
    this.code = code
  }
}

/** One end of a connection. */
export interface Endpoint {
  /** IP address or name, without brackets. */
  readonly host: string
  /** TCP port. */
  readonly port: number
}

/**
 * A byte pipe that the caller opened or accepted. Anyone can implement it over any duplex in a few lines; the shared
 * contract suite (`connectionContract` in the tests) says what it has to do.
 */
export interface Connection {
  /**
   * Inbound bytes. One subscriber; silent, and nothing is lost, until it comes. Completes when the remote has ended
   * its side (FIN) and everything was delivered, errors with a {@link TransportError} when the connection breaks.
   * Neither happens after our own `close` or `abort`. Chunks are handed over: the transport does not touch them again.
   * Unsubscribing stops delivery and leaves the connection open.
   */
  readonly bytes$: Observable<Uint8Array>
  /**
   * Where the transport can read into memory that is given to it: it calls `room` before a read, fills what that answers
   * from its beginning, and emits the part that it has filled as a view of this very memory. Where the answer is
   * `undefined`, it reads into memory of its own. So a block is read to where it will be decoded.
   */
  into?(room: () => Uint8Array | undefined): void
  /**
   * Queues bytes, in order. Writes of one tick leave as one buffer, large ones aside; at most 262,144 bytes at a time are
   * handed to what is below (a socket), the others wait here. Ignored after `close` and `abort`.
   *
   * `written` is called once the last of the bytes is taken by what is below (a socket's own callback), in the order of
   * the writes, and never when the connection ends first. It does not say that the remote has them. Where it throws, the
   * connection ends: `bytes$` errors `callback-failed`, and the remote sees a reset.
   *
   * No bytes are a write too, which asks the transport whether the connection still stands: where it was reset, `bytes$`
   * errors then. See `pause`.
   */
  write(bytes: Uint8Array, written?: () => void): void
  /**
   * Stops inbound delivery, at the latest after chunks already on their way; bytes then wait in the transport, and behind
   * them the remote's FIN. A reset overtakes what waits and is told while paused too, as soon as the transport notices: a
   * socket that has stopped reading notices nothing by itself. Who pauses for long asks now and then, with
   * `write(new Uint8Array(0))`, which finds out about a reset (not about a FIN).
   */
  pause(): void
  /** Undoes `pause`. */
  resume(): void
  /** Writes what is queued, then ends the connection (FIN), by force after a bounded time. Idempotent. */
  close(): void
  /** Drops what is queued and ends the connection at once. Idempotent. */
  abort(): void
  /** Our end, where the transport knows it. */
  readonly local: Endpoint | undefined
  /** The remote end, where the transport knows it; behind a proxy: the address that was asked for. */
  readonly remote: Endpoint | undefined
  /** Whether a proxy stands between: then our idea of addresses must not go into `version`. */
  readonly proxied: boolean
}

/**
 * A way to a connection: emits one and completes, or errors with a {@link TransportError}. Cold: one subscription is
 * one attempt. Unsubscribing before the emission aborts the attempt, and a result that comes late is closed.
 */
export type Dial = Observable<Connection>
