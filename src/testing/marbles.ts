import type { Observable, SchedulerLike } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import type { Clock } from '../stream/environment.js'
import { render } from './render.js'

/** What a diagram has to say about an observable or its subscriptions. */
export interface Expectation {
  toBe(marbles: string, values?: object | null, error?: unknown): void
  toEqual(other: Observable<unknown>): void
}

/** The helpers of RxJS's `TestScheduler.run`, and what peers need besides. */
export interface MarbleHelpers extends Omit<RunHelpers, 'expectObservable' | 'expectSubscriptions'> {
  /** Give it to `connect` and `accept`: all their timers then run in virtual time. */
  readonly scheduler: SchedulerLike
  /** The virtual clock: the frame, plus `epoch` where wall time is asked for. */
  readonly clock: Clock
  expectObservable(observable: Observable<unknown>, subscription?: string | null): Expectation
  expectSubscriptions(log: Parameters<RunHelpers['expectSubscriptions']>[0]): {
    toBe(marbles: string | string[]): void
  }
}

/** Options of {@link marbles}. */
export interface MarbleOptions {
  /** Wall time at frame 0, ms since 1970. Default 1,700,000,000,000 (2023-11-14). */
  readonly epoch?: number
}

interface Frame {
  readonly frame: number
  readonly notification: {
    readonly kind: 'N' | 'E' | 'C'
    readonly value?: unknown
    readonly error?: unknown
  }
}

interface SubscriptionFrames {
  readonly subscribedFrame: number
  readonly unsubscribedFrame: number
}

function isFrame(item: unknown): item is Frame {
  return typeof item === 'object' && item !== null && 'notification' in item
}

function isSubscription(item: unknown): item is SubscriptionFrames {
  return typeof item === 'object' && item !== null && 'subscribedFrame' in item
}

function line(item: unknown): string {
  if (isFrame(item)) {
    const { kind, value, error } = item.notification
    const what = kind === 'N' ? render(value) : kind === 'E' ? `error ${render(error)}` : 'complete'
    return `${String(item.frame).padStart(8)} ms  ${what}`
  }
  if (isSubscription(item)) {
    const end = item.unsubscribedFrame === Number.POSITIVE_INFINITY ? 'never' : `${item.unsubscribedFrame} ms`
    return `subscribed at ${item.subscribedFrame} ms, unsubscribed ${end === 'never' ? end : `at ${end}`}`
  }
  return render(item)
}

function lines(items: unknown): string[] {
  return Array.isArray(items) ? items.map(line) : [line(items)]
}

/** Fails with both sides, one event a line, the first difference marked. */
function assertSame(actual: unknown, expected: unknown): void {
  const [seen, wanted] = [lines(actual), lines(expected)]
  const at = wanted.findIndex((text, i) => text !== seen[i])
  const differs = at === -1 ? (seen.length > wanted.length ? wanted.length : -1) : at
  if (differs === -1) return
  const show = (texts: string[]) =>
    texts.length === 0
      ? '    (nothing)'
      : texts.map((text, i) => `${i === differs ? '  > ' : '    '}${text}`).join('\n')
  throw new Error(`the diagram does not fit\n  expected\n${show(wanted)}\n  seen\n${show(seen)}`)
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
  const { epoch = 1_700_000_000_000 } = options
  return () => {
    const scheduler = new TestScheduler(assertSame)
    const open = new Set<string>()
    scheduler.run(({ expectObservable, expectSubscriptions, ...helpers }) => {
      const clock: Clock = { monotonic: () => scheduler.frame, epoch: () => epoch + scheduler.frame }
      const asserted = <T extends object>(expectation: T, name: string): T => {
        const key = `${name} #${open.size + 1}`
        open.add(key)
        return new Proxy(expectation, {
          get: (target, property, receiver) => {
            open.delete(key)
            return Reflect.get(target, property, receiver)
          },
        })
      }
      test({
        ...helpers,
        scheduler,
        clock,
        expectObservable: (observable, subscription) =>
          asserted(expectObservable(observable, subscription), 'expectObservable'),
        expectSubscriptions: log => asserted(expectSubscriptions(log), 'expectSubscriptions'),
      })
      if (open.size > 0) throw new Error(`a diagram without .toBe asserts nothing: ${[...open].join(', ')}`)
    })
  }
}
