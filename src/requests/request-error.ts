/** What can become of a request, by stable code. */
export const requestFaults = {
  timeout: 'the remote did not answer in time',
  'peer-closed': 'the peer closed before the answer came; `cause` is its CloseReason',
  'not-found': 'the remote does not have what was asked for (notfound)',
  unanswered:
    'the remote has passed over the question: it said something else, and then answered a ping that was sent behind it',
  'bad-answer':
    'the answer is not what was asked for: it does not connect, has no work, or is of something else',
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
}
