import { TransportError } from '../stream/connection.js'

/** What a transport ends with when a callback that it was given throws. */
export function callbackFailed(name: string, cause: unknown): TransportError {
  return new TransportError('callback-failed', `the callback \`${name}\` failed`, { cause })
}
