import { NEVER, Observable } from 'rxjs'
import { attempt } from '../../peer/attempt.js'
import { RequestError } from '../request-error.js'

/** The error of a request whose signal was aborted. */
export function aborted({ reason }: AbortSignal): RequestError {
  return new RequestError('aborted', undefined, { cause: reason })
}

/** Errors with `aborted` when the signal is, at once where it was before. For `takeUntil`. */
export function whenAborted(signal: AbortSignal | undefined): Observable<never> {
  if (signal === undefined) return NEVER
  return new Observable(subscriber => {
    // What a listener of a signal throws, such as a finalizer, would be nobody's: Node ends the process by it.
    const abort = () => attempt(() => subscriber.error(aborted(signal)))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    return () => signal.removeEventListener('abort', abort)
  })
}
