import { defer, filter, firstValueFrom, type Observable, repeat, throwError, timeout } from 'rxjs'

/** The first value of a stream; an error that names `what` where none comes in time (ms). */
export function within<T>(what: string, source$: Observable<T>, ms = 15_000): Promise<T> {
  const late$ = throwError(() => new Error(`not within ${ms} ms: ${what}`))
  return firstValueFrom(source$.pipe(timeout({ first: ms, with: () => late$ })))
}

/** Asks until there is an answer; an error that names `what` where none comes in time (ms). */
export function eventually<T>(what: string, ask: () => Promise<T | undefined>, ms = 15_000): Promise<T> {
  const answers$ = defer(ask).pipe(
    repeat({ delay: 25 }),
    filter(answer => answer !== undefined),
  )
  return within(what, answers$, ms)
}
