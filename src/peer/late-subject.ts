import { Observable, type Subscriber } from 'rxjs'
import { type Audible, type Listener, type Listeners, listeners } from '../behaviors/hear.js'
import { attempt } from './attempt.js'

const NOBODY: readonly never[] = []

/**
 * A subject whose stream is made when somebody asks for it: most peers are idle, and most streams nobody's. Whoever fails
 * when it is complete, in a finalizer, keeps nobody else from their completion.
 */
export class LateSubject<T> implements Listeners<T> {
  #stream: Observable<T> | undefined
  /** Replaced and never changed: a loop may be in it. `undefined` once it is complete. */
  #listeners: readonly Listener<T>[] | undefined = NOBODY

  /** The stream, always the same. */
  get stream$(): Observable<T> {
    this.#stream ??= this.open()
    return this.#stream
  }

  get observed(): boolean {
    return this.#listeners !== undefined && this.#listeners.length > 0
  }

  /** Another stream of the same, which nobody has to keep. */
  open(): Observable<T> {
    return new Stream(this)
  }

  next(value: T): void {
    if (this.#listeners === undefined) return
    for (const listener of this.#listeners) listener.next(value)
  }

  complete(): void {
    const all = this.#listeners ?? NOBODY
    this.#listeners = undefined
    for (const listener of all) attempt(() => listener.complete())
  }

  add(listener: Listener<T>): void {
    if (this.#listeners === undefined) listener.complete()
    // `[...list, one]` would keep room for 17.
    else this.#listeners = this.#listeners.concat(listener)
  }

  remove(listener: Listener<T>): void {
    this.#listeners = this.#listeners?.filter(other => other !== listener)
  }
}

class Stream<T> extends Observable<T> implements Audible<T> {
  readonly [listeners]: Listeners<T>

  constructor(subject: LateSubject<T>) {
    super((subscriber: Subscriber<T>) => {
      subject.add(subscriber)
      return subscriber.closed ? undefined : () => subject.remove(subscriber)
    })
    this[listeners] = subject
  }
}
