import { Observable } from 'rxjs'
import { attempt } from './attempt.js'

/** The source until the signal is aborted, then its reason as an error. Subscribes to nothing where it is aborted already. */
export function untilAborted<T>(source: Observable<T>, signal: AbortSignal | undefined): Observable<T> {
  if (signal === undefined) return source
  return new Observable(subscriber => {
    // What a listener of a signal throws would be nobody's: Node ends the process by it.
    const abort = () => attempt(() => subscriber.error(signal.reason))
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort, { once: true })
    subscriber.add(() => signal.removeEventListener('abort', abort))
    subscriber.add(source.subscribe(subscriber))
  })
}
