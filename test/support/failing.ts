import { NEVER, Observable, of, type SchedulerAction, type SchedulerLike, Subscription, tap } from 'rxjs'
import type { Answer, Behavior, BehaviorContext } from '../../src/behaviors/behavior.js'
import type { NonceRegistry } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Connection } from '../../src/stream/connection.js'
import type { Clock, Random } from '../../src/stream/environment.js'
import type { RejectMessage } from '../../src/wire/messages/reject.js'
import type { Message } from '../../src/wire/messages.js'

/** What a callback of the user throws. */
export class Bug extends Error {
  override readonly name = 'Bug'
}

/** Asked by every callback, with its name: throws a {@link Bug}, or does not. */
export type Fails = (where: string) => void

const mayFail =
  <A extends readonly unknown[], R>(fails: Fails, where: string, work: (...given: A) => R) =>
  (...given: A): R => {
    fails(where)
    return work(...given)
  }

/** A scheduler that fails when it is asked for a timer or the time, and when a timer is given up. */
export function failingScheduler(scheduler: SchedulerLike, fails: Fails): SchedulerLike {
  return {
    now: mayFail(fails, 'scheduler.now', () => scheduler.now()),
    schedule<T>(
      work: (this: SchedulerAction<T>, state?: T) => void,
      delay?: number,
      state?: T,
    ): Subscription {
      fails('scheduler.schedule')
      const timer = scheduler.schedule(work, delay, state)
      return new Subscription(() => {
        timer.unsubscribe()
        fails('timer.unsubscribe')
      })
    },
  }
}

export function failingClock(clock: Clock, fails: Fails): Clock {
  return {
    monotonic: mayFail(fails, 'clock.monotonic', () => clock.monotonic()),
    epoch: mayFail(fails, 'clock.epoch', () => clock.epoch()),
  }
}

/** A connection that fails wherever it is used, before or behind what it does. */
export function failingConnection(connection: Connection, fails: Fails): Connection {
  const both = (where: string, work: () => void) => {
    fails(`connection.${where}`)
    work()
    fails(`connection.${where}`)
  }
  return {
    bytes$: new Observable(subscriber => {
      fails('connection.bytes$')
      let over = false
      const ended = () => {
        over = true
      }
      subscriber.add(connection.bytes$.pipe(tap({ complete: ended, error: ended })).subscribe(subscriber))
      // What it throws at its own end would be thrown at itself.
      return () => over || fails('connection.bytes$ teardown')
    }),
    write: (bytes, written) => both('write', () => connection.write(bytes, written)),
    pause: () => both('pause', () => connection.pause()),
    resume: () => both('resume', () => connection.resume()),
    close: () => both('close', () => connection.close()),
    abort: () => both('abort', () => connection.abort()),
    local: connection.local,
    remote: connection.remote,
    proxied: connection.proxied,
  }
}

/** Pongs to pings as iterables that fail at every turn. */
function* answers(fails: Fails, nonce: bigint): Generator<Message> {
  try {
    for (let n = 0; n < 3; n += 1) {
      fails('iterable.next')
      yield { command: 'pong', nonce }
    }
  } finally {
    fails('iterable.return')
  }
}

class Answers implements Iterable<Message> {
  readonly #fails: Fails
  readonly #nonce: bigint

  constructor(fails: Fails, nonce: bigint) {
    this.#fails = fails
    this.#nonce = nonce
  }

  [Symbol.iterator](): Iterator<Message> {
    this.#fails('iterable[Symbol.iterator]')
    return answers(this.#fails, this.#nonce)
  }
}

/** A behavior that fails when it is called, subscribed, fed, unsubscribed, and at its timers. */
function failingBehavior(fails: Fails): Behavior {
  return mayFail(fails, 'behavior', (context: BehaviorContext) => {
    return new Observable<Answer>(subscriber => {
      fails('behavior.subscribe')
      let over = false
      subscriber.add(
        context.on('ping').subscribe(({ nonce }) => {
          try {
            fails('behavior.next')
            subscriber.next(new Answers(fails, nonce))
          } catch (error) {
            over = true
            subscriber.error(error)
          }
        }),
      )
      subscriber.add(
        context.scheduler.schedule(function () {
          this.schedule(undefined, 25_000)
          fails('behavior.timer')
        }, 25_000),
      )
      return () => over || fails('behavior.teardown')
    })
  })
}

/** A message that cannot be encoded. */
export const unsayable: Message = { command: 'reject', rejected: 'tx', code: 1, reason: '—' }
const refusal: RejectMessage = { command: 'reject', rejected: 'version', code: 0x40, reason: 'full — later' }

/** Options whose callbacks all may fail. */
export function failingOptions(
  {
    scheduler,
    clock,
    random,
    nonces,
  }: Readonly<{ scheduler: SchedulerLike; clock: Clock; random: Random; nonces: NonceRegistry }>,
  fails: Fails,
): PeerOptions {
  const refuses = () => {
    try {
      fails('a refusal')
      return undefined
    } catch {
      return refusal
    }
  }
  const initial = () => {
    try {
      fails('initial')
      return []
    } catch {
      return [unsayable]
    }
  }
  return {
    scheduler: failingScheduler(scheduler, fails),
    clock: failingClock(clock, fails),
    random: { bytes: mayFail(fails, 'random', size => random.bytes(size)) },
    nonces: {
      add: mayFail(fails, 'nonces.add', nonce => nonces.add(nonce)),
      has: mayFail(fails, 'nonces.has', nonce => nonces.has(nonce)),
      delete: mayFail(fails, 'nonces.delete', nonce => nonces.delete(nonce)),
    },
    newestBlock: mayFail(fails, 'newestBlock', () => ({ height: 7, hash: new Uint8Array(32) })),
    acceptVersion: mayFail(fails, 'acceptVersion', refuses),
    traffic: { next: mayFail(fails, 'traffic', () => {}) },
    initial: initial(),
    behaviors: {
      failing: failingBehavior(fails),
      none: mayFail(fails, 'behavior', () => NEVER),
      one: mayFail(fails, 'behavior', () => of({ command: 'getaddr' } as const)),
    },
    trickleTiming: 'poisson',
    pingInterval: 30_000,
    pingTimeout: 60_000,
    stallTick: 20_000,
    trickleInterval: 20_000,
    memoryLimit: 20_000,
    sendQueueLimit: 8_000,
    sendTimeout: 200_000,
  }
}

/** A dial that may fail before and behind its connection. */
export function failingDial(connection: () => Connection, fails: Fails): Observable<Connection> {
  return new Observable(subscriber => {
    fails('dial')
    subscriber.next(connection())
    fails('dial')
    return () => fails('dial.teardown')
  })
}
