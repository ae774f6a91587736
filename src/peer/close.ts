import { behaviorFaults } from '../behaviors/behavior.js'
import { type TransportErrorCode, transportFaults } from '../stream/connection.js'
import { wireFaults } from '../wire/error.js'
import { conversationFaults } from './policy.js'
import type { PeerStats } from './stats.js'

/** Ends that are no fault of bytes, transport or conversation. */
const endings = {
  disconnected: 'our own `disconnect()`, or whoever was subscribed has unsubscribed',
  'remote-closed': 'the remote ended the connection in order (a plain EOF)',
  'handshake-timeout': 'the handshake did not end in time',
  'send-queue-full': 'more bytes were queued than `sendQueueLimit` allows',
  'behavior-failed': 'a behavior errored; `cause` is its error',
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
}

/** The transport's ends that are our own doing. */
const localTransportEnds: ReadonlySet<TransportErrorCode> = new Set(['connect-timeout', 'address-in-use'])

/** Who is behind an end that the transport reports. */
export function endedBy(code: TransportErrorCode): 'local' | 'remote' {
  return localTransportEnds.has(code) ? 'local' : 'remote'
}
