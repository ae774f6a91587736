import { behaviorFaults } from '../behaviors/behavior.js'
import { TransportError, type TransportErrorCode, transportFaults } from '../stream/connection.js'
import type { StreamEnd } from '../stream/link.js'
import { plainCause, textOf } from '../stream/plain-cause.js'
import { wireFaults } from '../wire/error.js'
import { conversationFaults } from './policy.js'
import { type PeerStats, plainStats } from './stats.js'

/** Ends that are no fault of bytes, transport or conversation. */
const endings = {
  disconnected: 'our own `disconnect()`, or whoever was subscribed has unsubscribed',
  'remote-closed': 'the remote ended the connection in order (a plain EOF)',
  'handshake-timeout': 'the handshake did not end in time',
  'send-queue-full': 'more bytes were queued than `sendQueueLimit` allows',
  'send-stalled': 'nothing of what waits was written for too long: the remote does not read',
  'memory-exceeded': 'the budget over all peers was exceeded, and this one held the most',
  'behavior-failed': 'a behavior errored; `cause` is its error',
  'accept-rate': 'more connections came in than `rate` of `acceptEach` allows',
  'connection-used': 'the connection was given to `accept` before',
} as const satisfies Record<string, string>

/** Every way in which a peer can end, with what it means. */
export const closeCodes = {
  ...endings,
  ...behaviorFaults,
  ...conversationFaults,
  ...wireFaults,
  ...transportFaults,
} as const

/** The stable code of an end. */
export type CloseCode = keyof typeof closeCodes

/** Why a peer ended. */
export interface CloseReason {
  /** What happened; see {@link closeCodes}. */
  readonly code: CloseCode
  /** Who ended it: `remote` for its EOF or reset and for a connection that could not be made, `local` for all else. */
  readonly by: 'local' | 'remote'
  /** For people. */
  readonly reason: string
  /** The WireError, TransportError or behavior's error behind it. */
  readonly cause?: unknown
}

/** A reason, without a cause where there is none. */
export function closing(
  code: CloseCode,
  by: CloseReason['by'],
  reason: string,
  cause?: unknown,
): CloseReason {
  return { code, by, reason, ...(cause !== undefined && { cause }) }
}

/** The one error of `connect`, `accept` and `open`. */
export class PeerError extends Error {
  /** Tells this error apart where classes cannot, as in logs. */
  override readonly name = 'PeerError'
  /** What happened; see {@link closeCodes}. */
  readonly code: CloseCode
  /** Who ended it, as in {@link CloseReason.by}. */
  readonly by: 'local' | 'remote'
  /** For people. */
  readonly reason: string
  /** What had happened up to the end. */
  readonly stats: PeerStats

  constructor({ code, by, reason, cause }: CloseReason, stats: PeerStats) {
    super(`${code}: ${reason}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.by = by
    this.reason = reason
    this.stats = stats
  }

  /** What happened as plain data: figures of 64 bits are decimal strings, the cause is its name, code and message. */
  toJSON(): { readonly [key: string]: unknown } {
    const { name, code, by, reason, message, cause, stats } = this
    return { name, code, by, reason, message, cause: plainCause(cause), stats: plainStats(stats) }
  }
}

/** The transport's ends that are our own doing. */
const localTransportEnds: ReadonlySet<TransportErrorCode> = new Set([
  'connect-timeout',
  'address-in-use',
  'callback-failed',
])

/** Who is behind an end that the transport reports. */
export function endedBy(code: TransportErrorCode): 'local' | 'remote' {
  return localTransportEnds.has(code) ? 'local' : 'remote'
}

/** Whether what came before an end still reaches users: the remote's FIN, also in the middle of a message. */
export function isOrderly({ code }: CloseReason): boolean {
  return code === 'remote-closed' || code === 'truncated-frame'
}

/** What the end of the byte stream means. */
export function streamEnd(end: StreamEnd, hasVersion: boolean): CloseReason {
  if (end.kind === 'truncated') return closing(end.error.code, 'remote', end.error.message, end.error)
  if (end.kind === 'eof') {
    // A node closes without a word on another network's magic.
    const when = hasVersion ? '' : ' before its version message: is it on another network?'
    return closing('remote-closed', 'remote', `the remote ended the connection${when}`)
  }
  return transportEnd(end.error)
}

/** What an error of a transport means. */
export function transportEnd(error: unknown): CloseReason {
  const code = error instanceof TransportError ? error.code : 'connection-failed'
  return closing(code, endedBy(code), textOf(error), error)
}
