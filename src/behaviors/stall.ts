import { Observable } from 'rxjs'
import type { Command, Message } from '../wire/messages.js'
import { type Behavior, BehaviorError } from './behavior.js'
import { ticks } from './ticks.js'

/** ms between two looks at the deadlines (btcd `stallTickInterval`). */
export const STALL_TICK = 15_000
/** ms in which a request is to be answered (btcd `stallResponseTimeout`). */
export const RESPONSE_TIMEOUT = 30_000
/** ms in which getheaders is to be answered: looking headers up takes longer (btcd: three times as much). */
export const HEADERS_TIMEOUT = 90_000

/** What a request awaits. */
export interface Expectation {
  /** Any one of these answers it. */
  readonly answers: readonly Command[]
  /** ms from the moment in which the request was written. */
  readonly timeout: number
}

/** Which requests await what; requests that are not in it may go unanswered. */
export type StallTable = Readonly<Partial<Record<Command, Expectation>>>

const data: Expectation = { answers: ['block', 'merkleblock', 'tx', 'notfound'], timeout: RESPONSE_TIMEOUT }

/**
 * btcd's table without mempool and getblocks: a node whose mempool is empty, or that knows nothing better than our tip,
 * has nothing to say, and silence that the protocol allows is no offence.
 */
export const stallTable: StallTable = {
  version: { answers: ['verack'], timeout: RESPONSE_TIMEOUT },
  getdata: data,
  getheaders: { answers: ['headers'], timeout: HEADERS_TIMEOUT },
}

const NONE: readonly Command[] = []

/** How {@link stall} is made. */
export interface StallOptions {
  /** ms between two looks. Default 15,000. */
  readonly tick?: number | undefined
  /** Default {@link stallTable}. */
  readonly table?: StallTable | undefined
}

/**
 * Closes with `stalled` when a request is not answered in time. A deadline is set when the request was written, a
 * repeat moves it, any of its answers clears it; deadlines are looked at every 15 s, and time that handlers took since
 * the last look is granted on top at that look. What a sender awaits by itself is none of its business (`awaited` of
 * `Peer.send`): requests fail with their own timeout and leave the peer alive.
 *
 * ```
 * sent       g---------------------
 *            stall()                     (getdata at 1 s: deadline 31 s, closed at the look at 45 s)
 * ```
 */
export function stall({ tick = STALL_TICK, table = stallTable }: StallOptions = {}): Behavior {
  return ({ scheduler, unawaited$, messages$, attention, handling }) =>
    new Observable(subscriber => {
      /** When each awaited answer is due, in `attention()`. */
      const deadlines = new Map<Command, number>()
      /** Which answers an answer clears: all that were awaited together with it. */
      const groups = new Map<Command, readonly Command[]>()
      let handled = handling()

      const look = () => {
        const granted = handling() - handled
        handled = handling()
        const now = attention() - granted
        for (const [answer, deadline] of deadlines) {
          if (now >= deadline) subscriber.error(new BehaviorError('stalled', `no ${answer} in time`))
        }
        if (deadlines.size === 0) looking.stop()
      }
      const looking = ticks(scheduler, tick, look)
      const expect = ({ command }: Message) => {
        const expectation = table[command]
        if (expectation === undefined) return
        if (deadlines.size === 0) handled = handling()
        for (const answer of expectation.answers) {
          deadlines.set(answer, attention() + expectation.timeout)
          groups.set(answer, expectation.answers)
        }
        looking.start()
      }
      const answer = ({ command }: Message) => {
        for (const awaited of groups.get(command) ?? NONE) deadlines.delete(awaited)
      }
      subscriber.add(() => looking.unsubscribe())
      subscriber.add(unawaited$.subscribe(expect))
      subscriber.add(messages$.subscribe(answer))
    })
}
