import { TransportError, type TransportErrorCode, transportFaults } from '../stream/connection.js'

/** errno names (POSIX, and getaddrinfo's) that have a code of their own. */
const codes: ReadonlyMap<string, TransportErrorCode> = new Map<string, TransportErrorCode>([
  ['ECONNREFUSED', 'connection-refused'],
  ['ECONNRESET', 'connection-reset'],
  ['EPIPE', 'connection-reset'],
  ['EHOSTUNREACH', 'host-unreachable'],
  ['EHOSTDOWN', 'host-unreachable'],
  ['ENETUNREACH', 'host-unreachable'],
  ['ENETDOWN', 'host-unreachable'],
  ['ENOTFOUND', 'host-not-found'],
  ['EAI_AGAIN', 'host-not-found'],
  ['EADDRINUSE', 'address-in-use'],
])

/**
 * What Node reports, as the error of transports; one of ours that went through Node stays what it is. `ETIMEDOUT` is the
 * system's own connect timeout only while dialling; later it says that the remote has stopped acknowledging, which has
 * no code of its own.
 * @param at - whom it concerns, for the text
 */
export function toTransportError(
  error: unknown,
  at: string,
  phase: 'dialling' | 'connected',
): TransportError {
  if (error instanceof TransportError) return error
  const name = errnoName(error)
  const code =
    name === 'ETIMEDOUT' && phase === 'dialling'
      ? 'connect-timeout'
      : (codes.get(name) ?? 'connection-failed')
  const reason = code === 'connection-failed' ? reasonOf(error) : ''
  return new TransportError(code, `${transportFaults[code]} (${at})${reason}`, { cause: error })
}

/** `code` of the error; Node gives an AggregateError (several addresses of one name) the code of its first. */
function errnoName(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? `: ${error.message}` : ''
}
