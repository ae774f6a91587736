import type { Unsubscribable } from 'rxjs'
import type { Command, Message } from '../wire/messages.js'
import { type Behavior, type BehaviorContext, BehaviorError } from './behavior.js'
import { habit, type Voice } from './habit.js'
import { hear } from './hear.js'
import { Ticks } from './ticks.js'

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
  return habit((context, voice) => new Stall(context, voice, tick, table))
}

/** An answer that is awaited. */
interface Awaited {
  /** When it is due, in `attention()`. */
  readonly deadline: number
  /** All that are awaited together with it: any of them is enough. */
  readonly answers: readonly Command[]
}

class Stall extends Ticks {
  readonly #context: BehaviorContext
  readonly #voice: Voice
  readonly #table: StallTable
  readonly #asking: Unsubscribable
  /** By the command of the answer. Made with the first request, and so is who listens for answers. */
  #awaited: Map<Command, Awaited> | undefined
  #answering: Unsubscribable | undefined
  /** `handling()` at the last look. */
  #handled = 0

  constructor(context: BehaviorContext, voice: Voice, tick: number, table: StallTable) {
    super(context.scheduler, tick)
    this.#context = context
    this.#voice = voice
    this.#table = table
    this.#asking = hear(context.unawaited$, request => this.#expect(request), voice)
  }

  override unsubscribe(): void {
    super.unsubscribe()
    this.#asking.unsubscribe()
    this.#answering?.unsubscribe()
  }

  /** Looks at the deadlines. */
  protected tick(): void {
    const context = this.#context
    const granted = context.handling() - this.#handled
    this.#handled = context.handling()
    const now = context.attention() - granted
    for (const [answer, { deadline }] of this.#awaited ?? []) {
      if (now >= deadline) this.#voice.error(new BehaviorError('stalled', `no ${answer} in time`))
    }
    if (this.#awaited === undefined || this.#awaited.size === 0) this.stop()
  }

  #expect({ command }: Message): void {
    const expectation = this.#table[command]
    if (expectation === undefined) return
    const context = this.#context
    this.#awaited ??= new Map()
    this.#answering ??= hear(context.messages$, answer => this.#answered(answer), this.#voice)
    if (this.#awaited.size === 0) this.#handled = context.handling()
    const { answers, timeout } = expectation
    const awaited: Awaited = { answers, deadline: context.attention() + timeout }
    for (const answer of answers) this.#awaited.set(answer, awaited)
    this.start()
  }

  #answered({ command }: Message): void {
    const answered = this.#awaited?.get(command)
    if (answered === undefined) return
    for (const answer of answered.answers) this.#awaited?.delete(answer)
  }
}
