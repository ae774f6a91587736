/** What can become of a request, by stable code. */
export const requestFaults = {
  timeout: 'the remote did not answer in time',
  'peer-closed': 'the peer closed before the answer came; `cause` is its CloseReason',
  'not-found': 'the remote does not have what was asked for (notfound)',
  'not-offered': 'the remote does not offer the services that this takes; nothing was asked',
  unanswered:
    'the remote has passed over the question: it said something else, and then answered a ping that was sent behind it',
  'bad-answer':
    'the answer is not what was asked for: it does not connect, has no work, or is of something else',
  aborted: 'the `signal` of the request was aborted; `cause` is its reason',
} as const satisfies Record<string, string>

/** The stable code of a {@link RequestError}; {@link requestFaults} says what each means. */
export type RequestErrorCode = keyof typeof requestFaults

/** The one error of requests. */
export class RequestError extends Error {
  /** Tells it from other errors. */
  override readonly name = 'RequestError'
  /** What became of the request. */
  readonly code: RequestErrorCode

  /**
   * @param code - the stable code
   * @param detail - what exactly happened; the general meaning of the code where left out
   */
  constructor(code: RequestErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? requestFaults[code], options)
    this.code = code
  }

  /** For `JSON.stringify`: name, code and message, and the cause as far as it is data, large numbers as text. */
  toJSON(): { readonly [key: string]: unknown } {
    const { name, code, message, cause } = this
    return { name, code, message, ...(cause !== undefined && { cause: asData(cause, MAX_DEPTH) }) }
  }
}

/** How deep a cause is followed: it may be anything, a circle too. */
const MAX_DEPTH = 4

/** A value as JSON can hold it: it throws at a bigint and at a circle, and leaves out what an error says. */
function asData(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return undefined
  if (value instanceof RequestError) return value.toJSON()
  const entries = Object.entries(value).map(([key, each]) => [key, asData(each, depth - 1)] as const)
  if (value instanceof Error) {
    const { name, message, cause } = value
    const behind = cause === undefined ? {} : { cause: asData(cause, depth - 1) }
    return { ...Object.fromEntries(entries), name, message, ...behind }
  }
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries)
}
