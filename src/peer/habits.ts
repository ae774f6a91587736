import { type Observer, Subscription, type Unsubscribable } from 'rxjs'
import {
  type Answer,
  type Behavior,
  type BehaviorContext,
  BehaviorError,
  type BehaviorFault,
} from '../behaviors/behavior.js'
import { beginOf } from '../behaviors/habit.js'
import { textOf } from '../stream/plain-cause.js'
import { attempt } from './attempt.js'
import { plainContext } from './context.js'
import type { Parts } from './parts.js'
import type { Posting } from './posting.js'
import { isMessage } from './replies.js'

/** Whom a behavior ends. */
export interface HabitsHost {
  readonly parts: Pick<Parts, 'lanes' | 'outbox' | 'replies'>
  end(code: BehaviorFault | 'behavior-failed', reason: string, cause: unknown): void
}

const NOBODY: readonly Voice[] = []

/** The behaviors of a peer at work. Until `speak` is called, what they say waits. */
export class Habits {
  readonly #host: HabitsHost
  /** The same for all that is said unasked. */
  readonly #posting: Posting
  #voices = NOBODY
  #early: (() => void)[] | undefined = []

  constructor(host: HabitsHost, protocolVersion: number) {
    this.#host = host
    this.#posting = { account: 'send', protocolVersion }
    host.parts.replies.start(protocolVersion)
  }

  /** Begins them in their order. */
  start(behaviors: ReadonlyMap<string, Behavior>, context: BehaviorContext): void {
    // `Array.from` would keep room for 17.
    this.#voices = [...behaviors].map(([name]) => new Voice(this, name))
    let plain: BehaviorContext | undefined
    for (const voice of this.#voices) {
      const behavior = behaviors.get(voice.name)
      if (behavior === undefined) continue
      const begin = beginOf(behavior)
      if (begin === undefined) plain ??= plainContext(context)
      voice.begin(() =>
        begin === undefined ? behavior(plain ?? context).subscribe(voice) : begin(context, voice),
      )
    }
  }

  /** Ends them. */
  stop(): void {
    for (const voice of this.#voices) voice.stop()
    this.#voices = NOBODY
  }

  /** Says what has waited; from now on all is said at once. */
  speak(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const act of early) act()
  }

  say(name: string, answer: Answer): void {
    if (this.#early === undefined) this.#say(name, answer)
    else this.#early.push(() => this.#say(name, answer))
  }

  #say(name: string, answer: Answer): void {
    const { lanes, outbox, replies } = this.#host.parts
    try {
      if (lanes.handling || !isMessage(answer)) replies.add(name, answer, lanes)
      else outbox.post(answer, this.#posting)
    } catch (error) {
      this.fail(name, error)
    }
  }

  fail(name: string, error: unknown): void {
    if (this.#early !== undefined) this.#early.push(() => this.fail(name, error))
    else if (error instanceof BehaviorError) this.#host.end(error.code, error.message, error)
    else this.#host.end('behavior-failed', `the behavior "${name}" failed: ${textOf(error)}`, error)
  }
}

/** Who listens to one behavior. */
class Voice implements Observer<Answer> {
  readonly #habits: Habits
  readonly name: string
  #running: Unsubscribable = Subscription.EMPTY
  #stopped = false

  constructor(habits: Habits, name: string) {
    this.#habits = habits
    this.name = name
  }

  begin(begin: () => Unsubscribable): void {
    try {
      this.#running = begin()
    } catch (error) {
      this.error(error)
    }
    if (this.#stopped) this.stop()
  }

  next(answer: Answer): void {
    if (!this.#stopped) this.#habits.say(this.name, answer)
  }

  error(error: unknown): void {
    if (this.#stopped) return
    this.stop()
    this.#habits.fail(this.name, error)
  }

  complete(): void {}

  stop(): void {
    this.#stopped = true
    attempt(() => this.#running.unsubscribe())
  }
}
