import { Observable, type Subscriber } from 'rxjs'
import { attempt } from './attempt.js'

const NOBODY: readonly never[] = []

/**
 * A subject whose stream is made when somebody asks for it: most peers are idle, and most streams nobody's. Whoever fails
 * when it is complete, in a finalizer, keeps nobody else from their completion.
 */
export class LateSubject<T> {
  #stream: Observable<T> | undefined
  /** Replaced and never changed: a loop may be in it. */
  #listeners: readonly Subscriber<T>[] = NOBODY
  #complete = false

  get stream$(): Observable<T> {
    this.#stream ??= new Observable(subscriber => this.#listen(subscriber))
    return this.#stream
  }

  get observed(): boolean {
    return this.#listeners.length > 0
  }

  next(value: T): void {
    for (const listener of this.#listeners) listener.next(value)
  }

  complete(): void {
    this.#complete = true
    for (const listener of this.#listeners) attempt(() => listener.complete())
  }

  #listen(subscriber: Subscriber<T>): (() => void) | undefined {
    if (this.#complete) {
      subscriber.complete()
      return undefined
    }
    this.#listeners = [...this.#listeners, subscriber]
    return () => {
      this.#listeners = this.#listeners.filter(other => other !== subscriber)
    }
  }
}
