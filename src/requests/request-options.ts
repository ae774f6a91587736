import { identity, type MonoTypeOperatorFunction, of, retry, throwError } from 'rxjs'
import { count, positive } from '../peer/checks.js'
import { RequestError } from './request-error.js'

/** ms in which a remote has to answer, where a request is not told otherwise (btcd `stallResponseTimeout`). */
const ANSWER_TIMEOUT = 30_000

/** How long and how often to ask. */
export interface RequestOptions {
  /** ms of the peer's attention to wait for an answer; Infinity waits as long as the peer lives. Default 30,000. */
  readonly timeout?: number | undefined
  /** How often to ask again after a `timeout`. Default 0. */
  readonly retries?: number | undefined
}

/** How long and how often to ask, with nothing left open. */
export interface Patience {
  readonly timeout: number
  readonly retries: number
}

/**
 * Checks the options of a request and fills in the defaults.
 * @throws TypeError at the call of the request, for a timeout that is not above 0 and for retries that count nothing
 */
export function patience({ timeout, retries }: RequestOptions, usual = ANSWER_TIMEOUT): Patience {
  return { timeout: positive('timeout', timeout ?? usual), retries: count('retries', retries ?? 0) }
}

/** Subscribes anew after a `timeout`, so often. At once: what comes in between would be lost. */
export function askAgain<T>(retries: number): MonoTypeOperatorFunction<T> {
  if (retries === 0) return identity
  return retry({
    count: retries,
    delay: (error: unknown) =>
      error instanceof RequestError && error.code === 'timeout' ? of(undefined) : throwError(() => error),
  })
}
