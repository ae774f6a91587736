import { NEVER, Observable } from 'rxjs'
import { RequestError } from '../request-error.js'

/** The error of a request whose signal was aborted. */
export function aborted({ reason }: AbortSignal): RequestError {
  return new RequestError('aborted', undefined, { cause: reason })
}

/** Errors with `aborted` when the signal is, at once where it was before. For `takeUntil`. */
export function whenAborted(signal: AbortSignal | undefined): Observable<never> {
  if (signal === undefined) return NEVER
  return new Observable(subscriber => {
    const abort = () => subscriber.error(aborted(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    return () => signal.removeEventListener('abort', abort)
  })
}
