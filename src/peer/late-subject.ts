import { type Observable, Subject } from 'rxjs'

/** A subject that is made when somebody asks for its stream: most peers are idle, and most streams nobody's. */
export class LateSubject<T> {
  #subject: Subject<T> | undefined
  #complete = false

  get stream$(): Observable<T> {
    this.#subject ??= new Subject<T>()
    if (this.#complete) this.#subject.complete()
    return this.#subject
  }

  get observed(): boolean {
    return this.#subject?.observed ?? false
  }

  next(value: T): void {
    this.#subject?.next(value)
  }

  complete(): void {
    this.#complete = true
    this.#subject?.complete()
  }
}
