import { Observable } from 'rxjs'

/**
 * Looks at every value of the sources and emits nothing: the half of a behavior that only takes notes. What `look`
 * throws is the error of the result. Completes when all sources have.
 */
export function watch<T>(look: (value: T) => void, ...sources: readonly Observable<T>[]): Observable<never> {
  return new Observable(subscriber => {
    let open = sources.length
    const observer = {
      next: (value: T) => {
        try {
          look(value)
        } catch (error) {
          subscriber.error(error)
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => {
        open -= 1
        if (open === 0) subscriber.complete()
      },
    }
    for (const source of sources) subscriber.add(source.subscribe(observer))
  })
}
