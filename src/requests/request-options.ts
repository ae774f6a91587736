import { count, positive } from '../peer/checks.js'

/** ms in which a remote has to answer, where a request is not told otherwise (btcd `stallResponseTimeout`). */
const ANSWER_TIMEOUT = 30_000

/** How long and how often to ask. */
export interface RequestOptions {
  /**
   * ms to wait for an answer; Infinity waits as long as the peer lives. It runs on while handlers hold messages.
   * Default 30,000.
   */
  readonly timeout?: number | undefined
  /** How often to ask again after a `timeout`. Default 0. */
  readonly retries?: number | undefined
  /**
   * Gives the request up when it is aborted: it errors with `aborted`, and unsubscribing is all that happens to the
   * remote. Where it is aborted before, nothing is sent. Default: nobody aborts it.
   */
  readonly signal?: AbortSignal | undefined
}

/** How long and how often to ask, with nothing left open. */
export interface Patience {
  readonly timeout: number
  readonly retries: number
  readonly signal: AbortSignal | undefined
}

/**
 * Checks the options of a request and fills in the defaults.
 * @throws TypeError at the call of the request, for a timeout that is not above 0 and for retries that count nothing
 */
export function patience(
  { timeout, retries, signal }: RequestOptions,
  usual: number = ANSWER_TIMEOUT,
): Patience {
  return { timeout: positive('timeout', timeout ?? usual), retries: count('retries', retries ?? 0), signal }
}
