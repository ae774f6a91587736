import type { Observable, SchedulerLike } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import type { Clock } from '../stream/environment.js'
import { difference } from './diagram-difference.js'

/** What a diagram has to say about an observable. */
export interface Expectation {
  /**
   * The events have to be those of the diagram, at its times.
   * @param values - what the letters stand for; those that are not in it stand for themselves
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

/** A diagram of a test. */
interface Diagram {
  /** As the test has to call it, for the failure of one that says nothing. */
  readonly name: string
  /** What it says; `undefined` until `toBe` or `toEqual` was called. */
  says: string | undefined
  /** Whether RxJS has compared it. */
  compared: boolean
}

/**
 * A test in virtual time: hand the result to your runner. Values are compared by what they hold, also inside lazy
 * messages, and a failure lists both sides by the millisecond. A diagram without `.toBe` fails.
 * @example
 * it('answers a ping', marbles(({ hot, expectObservable }) => {
 *   expectObservable(hot('-a|')).toBe('-a|')
 * }))
 */
export function marbles(test: (helpers: MarbleHelpers) => void, options: MarbleOptions = {}): () => void {
  const { epoch = TEST_EPOCH, until = DAY } = options
  return () => {
    const diagrams: Diagram[] = []
    const begin = (kind: string): Diagram => {
      const before = diagrams.filter(({ name }) => name.startsWith(kind)).length
      const diagram = { name: `${kind} no. ${before + 1}`, says: undefined, compared: false }
      diagrams.push(diagram)
      return diagram
    }
    // RxJS compares in the order of the diagrams, and passes over those that say nothing yet.
    const scheduler = new TestScheduler((actual, expected) => {
      const diagram = diagrams.find(({ says, compared }) => says !== undefined && !compared)
      if (diagram !== undefined) diagram.compared = true
      const found = difference(actual, expected)
      if (found !== undefined) throw new Error(`the diagram${diagram?.says ?? ''} does not fit\n${found}`)
    })
    scheduler.run(({ expectObservable, expectSubscriptions, ...helpers }) => {
      scheduler.maxFrames = until
      const clock: Clock = { monotonic: () => scheduler.frame, epoch: () => epoch + scheduler.frame }
      test({
        ...helpers,
        scheduler,
        clock,
        expectObservable: (observable, subscription) => {
          const diagram = begin('expectObservable')
          const expectation = expectObservable(observable, subscription)
          return {
            toBe: (drawn, values, error) => {
              diagram.says = ` '${drawn}'`
              const letters = Object.fromEntries(Array.from(drawn, letter => [letter, letter]))
              expectation.toBe(drawn, { ...letters, ...values }, error)
            },
            toEqual: other => {
              diagram.says = ' of the other observable'
              expectation.toEqual(other)
            },
          }
        },
        expectSubscriptions: log => {
          const diagram = begin('expectSubscriptions')
          const expectation = expectSubscriptions(log)
          return {
            toBe: drawn => {
              diagram.says = ` ${[drawn]
                .flat()
                .map(one => `'${one}'`)
                .join(', ')}`
              expectation.toBe(drawn)
            },
          }
        },
      })
      const silent = diagrams.filter(({ says }) => says === undefined).map(({ name }) => name)
      if (silent.length > 0) throw new Error(`a diagram without .toBe asserts nothing: ${silent.join(', ')}`)
    })
  }
}
