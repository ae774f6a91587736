import type { Observable, SchedulerLike } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import type { Clock } from '../stream/environment.js'
import { difference } from './diagram-difference.js'

/** What a diagram has to say about an observable. */
export interface Expectation {
  /**
   * The events have to be those of the diagram, at its times.
   * @param values - what the letters stand for; left out, they stand for themselves
   * @param error - what `#` stands for; left out: `'error'`
   */
  toBe(marbles: string, values?: object | null, error?: unknown): void
  /** The events have to be those of another observable. */
  toEqual(other: Observable<unknown>): void
}

/** What a diagram has to say about the subscriptions of a hot or cold observable. */
export interface SubscriptionExpectation {
  /** Subscriptions have to begin at `^` and end at `!`. */
  toBe(marbles: string | string[]): void
}

/** The helpers of RxJS's `TestScheduler.run`, and what peers need besides. */
export interface MarbleHelpers extends Omit<RunHelpers, 'expectObservable' | 'expectSubscriptions'> {
  /** Give it to `connect` and `accept`: all their timers then run in virtual time. */
  readonly scheduler: SchedulerLike
  /** The virtual clock: the frame, plus `epoch` where wall time is asked for. */
  readonly clock: Clock
  /**
   * Subscribes, and compares what comes with the diagram that `toBe` or `toEqual` is given.
   * @param subscription - when to subscribe (`^`) and unsubscribe (`!`). Default: at 0 ms, until the end of the test
   */
  expectObservable(observable: Observable<unknown>, subscription?: string | null): Expectation
  /** Compares the `subscriptions` of a hot or cold observable. */
  expectSubscriptions(log: Parameters<RunHelpers['expectSubscriptions']>[0]): SubscriptionExpectation
}

/** Options of {@link marbles}. */
export interface MarbleOptions {
  /** Wall time at frame 0, ms since 1970. Default 1,700,000,000,000 (2023-11-14). */
  readonly epoch?: number | undefined
  /**
   * Virtual time stops here, ms, whatever is still to come, so that timers without an end do not hang the test.
   * Default: a day.
   */
  readonly until?: number | undefined
}

/** Where wall time starts in tests, ms since 1970. */
export const TEST_EPOCH = 1_700_000_000_000

const DAY = 24 * 60 * 60_000

/** Which diagrams were begun, in their order, and which of them say something. */
class Diagrams {
  readonly #begun: { readonly name: string; drawn: string | undefined; checked: boolean }[] = []

  /** Wraps the result of an expect function so that we learn of its diagram. */
  begin<T extends object>(expectation: T, name: string): T {
    const count = this.#begun.filter(begun => begun.name === name).length
    const begun = { name, drawn: undefined as string | undefined, checked: false }
    const label = count === 0 ? name : `${name} no. ${count + 1}`
    this.#begun.push(Object.assign(begun, { label }))
    return new Proxy(expectation, {
      get: (target, property, receiver) => {
        const member: unknown = Reflect.get(target, property, receiver)
        if (typeof member !== 'function') return member
        return (...words: readonly unknown[]) => {
          begun.drawn = typeof words[0] === 'string' ? words[0] : String(property)
          return Reflect.apply(member, target, words)
        }
      },
    })
  }
}
