import type { Observable, SchedulerLike } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import type { Clock } from '../stream/environment.js'
import { difference } from './diagram-difference.js'

/** What a diagram has to say about an observable. */
export interface Expectation {
  /**
   * The events have to be those of the diagram, at its times.
   * @param values - what the letters stand for; those that are not in it stand for themselves
   * @param error - what `#` stands for, of which name and code are compared, see `failure`; left out: `'error'`
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

type Kind = 'expectObservable' | 'expectSubscriptions'

/** A diagram of a test. */
interface Diagram {
  readonly kind: Kind
  /** Which one of its kind, from 1 on. */
  readonly place: number
  /** The line of the test that a failure has to show. */
  calledAt: CallSite
  /** What it says; `undefined` until `toBe` or `toEqual` was called. */
  says: string | undefined
  /** Whether RxJS has compared it. */
  compared: boolean
}

const nameOf = ({ kind, place }: Diagram) => `${kind} no. ${place}`

/** Where the test has called us. */
type CallSite = Error

/** @param called - what the test has called: it and what is above it are left out of the stack */
function callSite(called: (...given: never[]) => unknown): CallSite {
  const site = new Error('the test has called')
  Error.captureStackTrace?.(site, called)
  return site
}

/** An error with the stack of a line of the test: diagrams are compared when that line is long over. */
function errorAt(site: CallSite, message: string): Error {
  const error = new Error(message)
  // V8, and nobody else, begins a stack with the message: that of the time when it was taken.
  if (site.stack !== undefined) error.stack = site.stack.replace(site.message, () => message)
  return error
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * A test in virtual time: hand the result to your runner. Values are compared by what they hold, also inside lazy
 * messages, errors by name and code. A failure lists both sides by the millisecond and points at the `toBe` that it is
 * about. A diagram without `.toBe` fails, and so does an async test: nothing would compare what it expects after its
 * first await.
 * @example
 * it('answers a ping', marbles(({ hot, expectObservable }) => {
 *   expectObservable(hot('-a|')).toBe('-a|')
 * }))
 */
export function marbles(test: (helpers: MarbleHelpers) => void, options: MarbleOptions = {}): () => void {
  const { epoch = TEST_EPOCH, until = DAY } = options
  return () => {
    const diagrams: Diagram[] = []
    const placed = (kind: Kind) => diagrams.filter(diagram => diagram.kind === kind).length
    const begin = (kind: Kind, calledAt: CallSite): Diagram => {
      const diagram = { kind, place: placed(kind) + 1, calledAt, says: undefined, compared: false }
      diagrams.push(diagram)
      return diagram
    }
    // RxJS compares in the order of the diagrams, and passes over those that say nothing yet.
    const scheduler = new TestScheduler((actual, expected) => {
      const diagram = diagrams.find(({ says, compared }) => says !== undefined && !compared)
      if (diagram === undefined) throw new Error('RxJS compares more than there are diagrams')
      diagram.compared = true
      const found = difference(actual, expected)
      if (found === undefined) return
      const which = placed(diagram.kind) > 1 ? ` (${nameOf(diagram)})` : ''
      throw errorAt(diagram.calledAt, `the diagram ${diagram.says}${which} does not fit\n${found}`)
    })
    scheduler.run(({ expectObservable, expectSubscriptions, ...helpers }) => {
      scheduler.maxFrames = until
      const clock: Clock = { monotonic: () => scheduler.frame, epoch: () => epoch + scheduler.frame }
      const expectEvents: MarbleHelpers['expectObservable'] = (observable, subscription) => {
        const diagram = begin('expectObservable', callSite(expectEvents))
        const expectation = expectObservable(observable, subscription)
        const toBe: Expectation['toBe'] = (drawn, values, error) => {
          diagram.calledAt = callSite(toBe)
          diagram.says = `'${drawn}'`
          const letters = Object.fromEntries(Array.from(drawn, letter => [letter, letter]))
          expectation.toBe(drawn, { ...letters, ...values }, error)
        }
        const toEqual: Expectation['toEqual'] = other => {
          diagram.calledAt = callSite(toEqual)
          diagram.says = 'of the other observable'
          expectation.toEqual(other)
        }
        return { toBe, toEqual }
      }
      const expectLog: MarbleHelpers['expectSubscriptions'] = log => {
        const diagram = begin('expectSubscriptions', callSite(expectLog))
        const expectation = expectSubscriptions(log)
        const toBe: SubscriptionExpectation['toBe'] = drawn => {
          diagram.calledAt = callSite(toBe)
          diagram.says = [drawn]
            .flat()
            .map(one => `'${one}'`)
            .join(', ')
          expectation.toBe(drawn)
        }
        return { toBe }
      }
      const result: unknown = test({
        ...helpers,
        scheduler,
        clock,
        expectObservable: expectEvents,
        expectSubscriptions: expectLog,
      })
      if (isThenable(result))
        throw new Error('the test is async: what it expects after an await would never be compared')
      const [silent, ...others] = diagrams.filter(({ says }) => says === undefined)
      if (silent !== undefined) {
        const names = [silent, ...others].map(nameOf).join(', ')
        throw errorAt(silent.calledAt, `a diagram without .toBe asserts nothing: ${names}`)
      }
    })
  }
}
