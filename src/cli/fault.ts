import type { CloseCode } from '../peer/close.js'
import type { TransportErrorCode } from '../stream/connection.js'

/** An end or error that a person has to be told of. */
export interface Fault {
  readonly code: CloseCode | TransportErrorCode
  readonly reason: string
  readonly cause?: unknown
}

/** The message of the error at the bottom. */
function rootMessage(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  return rootMessage(cause.cause) ?? cause.message
}

/** What happened and its code; where the code says nothing, what the system said. */
export function faultText({ code, reason, cause }: Fault): string {
  const text = code === 'connection-failed' ? (rootMessage(cause) ?? reason) : reason
  return `${text} (${code})`
}
