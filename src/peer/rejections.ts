import type { PeerDirection } from '../behaviors/behavior.js'
import type { Endpoint } from '../stream/connection.js'
import type { WireError } from '../wire/error.js'
import { RejectCode } from '../wire/messages/reject.js'
import { type ConversationFault, conversationFaults, type Violation } from './policy.js'

/** The words of a reject message. */
export interface Rejection {
  /** Wire name of the refused message. */
  readonly rejected: string
  /** See `RejectCode`. */
  readonly code: number
  readonly reason: string
}

/** The reject messages of the faults that have one of their own; all others are "malformed" (btcd). */
const own: Readonly<Partial<Record<Violation, Rejection>>> = {
  'message-before-version': {
    rejected: 'version',
    code: RejectCode.malformed,
    reason: 'a version message must precede all others',
  },
  'duplicate-version': {
    rejected: 'version',
    code: RejectCode.duplicate,
    reason: 'duplicate version message',
  },
  'duplicate-verack': {
    rejected: 'verack',
    code: RejectCode.duplicate,
    reason: 'duplicate verack message',
  },
}

/** What the remote is told of its violation. */
export function rejectionOf(
  violation: Violation,
  cause: WireError | undefined,
  direction: PeerDirection,
  remote: Endpoint | undefined,
): Rejection {
  const known = own[violation]
  if (known) return known
  const from = remote ? `${remote.host}:${remote.port} ` : ''
  const fault = cause?.message ?? describeViolation(violation)
  return {
    rejected: 'malformed',
    code: RejectCode.malformed,
    reason: `Can't read message from ${from}(${direction}): ${fault}`,
  }
}

/** What a violation is, for people. */
export function describeViolation(violation: Violation): string {
  const faults: Readonly<Partial<Record<Violation, string>>> = conversationFaults satisfies Record<
    ConversationFault,
    string
  >
  return faults[violation] ?? violation
}
