import type { Observer, Subscription } from 'rxjs'
import {
  type Answer,
  type Behavior,
  type BehaviorContext,
  BehaviorError,
  type BehaviorFault,
} from '../behaviors/behavior.js'
import { textOf } from '../stream/plain-cause.js'
import type { Parts } from './parts.js'
import type { Posting } from './posting.js'
import { isMessage } from './replies.js'

/** Ends the peer because of a behavior. */
export type EndByHabit = (code: BehaviorFault | 'behavior-failed', reason: string, cause: unknown) => void

/** The behaviors of a peer at work. Until `speak` is called, what they say waits. */
export class Habits {
  readonly #parts: Pick<Parts, 'lanes' | 'outbox' | 'replies'>
  /** The same for all that is said unasked. */
  readonly #posting: Posting
  readonly #end: EndByHabit
  #early: (() => void)[] | undefined = []

  constructor(parts: Pick<Parts, 'lanes' | 'outbox' | 'replies'>, protocolVersion: number, end: EndByHabit) {
    this.#parts = parts
    this.#posting = { account: 'send', protocolVersion }
    this.#end = end
    parts.replies.start(protocolVersion)
  }

  /** Subscribes them in their order. */
  start(behaviors: ReadonlyMap<string, Behavior>, context: BehaviorContext, running: Subscription): void {
    for (const [name, behavior] of behaviors) {
      const voice = new Voice(this, name)
      try {
        running.add(behavior(context).subscribe(voice))
      } catch (error) {
        voice.error(error)
      }
    }
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
    const { lanes, outbox, replies } = this.#parts
    try {
      if (lanes.handling || !isMessage(answer)) replies.add(name, answer, lanes)
      else outbox.post(answer, this.#posting)
    } catch (error) {
      this.fail(name, error)
    }
  }

  fail(name: string, error: unknown): void {
    if (this.#early !== undefined) this.#early.push(() => this.fail(name, error))
    else if (error instanceof BehaviorError) this.#end(error.code, error.message, error)
    else this.#end('behavior-failed', `the behavior "${name}" failed: ${textOf(error)}`, error)
  }
}

/** Who listens to one behavior. */
class Voice implements Observer<Answer> {
  readonly #habits: Habits
  readonly #name: string

  constructor(habits: Habits, name: string) {
    this.#habits = habits
    this.#name = name
  }

  next(answer: Answer): void {
    this.#habits.say(this.#name, answer)
  }

  error(error: unknown): void {
    this.#habits.fail(this.#name, error)
  }

  complete(): void {}
}
