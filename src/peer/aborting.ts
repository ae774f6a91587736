import { Observable } from 'rxjs'

/** The source until the signal is aborted, then its reason as an error. Subscribes to nothing where it is aborted already. */
export function untilAborted<T>(source: Observable<T>, signal: AbortSignal | undefined): Observable<T> {
  if (signal === undefined) return source
  return new Observable(subscriber => {
    const abort = () => subscriber.error(signal.reason)
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort, { once: true })
    subscriber.add(() => signal.removeEventListener('abort', abort))
    subscriber.add(source.subscribe(subscriber))
  })
}
