import { Observable, type Subscriber } from 'rxjs'
import { attempt } from './attempt.js'

/**
 * Tells who wants to know what became of a message, and never lets anybody wait for ever. A message that nobody asks about
 * is a number.
 */
export class Receipts {
  /** Numbers of the last message that was accepted, and of the last that was written. */
  #accepted = 0
  #written = 0
  #waiters: Map<number, Subscriber<boolean>[]> | undefined
  #closed = false

  /** The number of a message that is queued. */
  accept(): number {
    this.#accepted += 1
    return this.#accepted
  }

  /** What becomes of a message: `true` when it is written, `false` when it never will be. Replayed. */
  of(number: number): Observable<boolean> {
    return new Observable(subscriber => this.#await(number, subscriber))
  }

  /** The oldest message is written. */
  written(): void {
    this.#written += 1
    const waiters = this.#waiters?.get(this.#written)
    if (waiters === undefined) return
    this.#waiters?.delete(this.#written)
    for (const waiter of waiters) settle(waiter, true)
  }

  /** The others never will be. */
  close(): void {
    this.#closed = true
    const waiters = this.#waiters
    this.#waiters = undefined
    for (const subscribers of waiters?.values() ?? []) for (const one of subscribers) settle(one, false)
  }

  #await(number: number, subscriber: Subscriber<boolean>): (() => void) | undefined {
    if (number === 0 || (this.#closed && number > this.#written)) settle(subscriber, false)
    else if (number <= this.#written) settle(subscriber, true)
    else {
      this.#waiters ??= new Map()
      const waiters = this.#waiters
      waiters.set(number, [...(waiters.get(number) ?? []), subscriber])
      return () => {
        const others = (waiters.get(number) ?? []).filter(other => other !== subscriber)
        if (others.length > 0) waiters.set(number, others)
        else waiters.delete(number)
      }
    }
    return undefined
  }
}

function settle(subscriber: Subscriber<boolean>, written: boolean): void {
  subscriber.next(written)
  attempt(() => subscriber.complete())
}
