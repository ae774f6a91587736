import type { Observer, Subscription } from 'rxjs'
import {
  type Behavior,
  type BehaviorContext,
  BehaviorError,
  type BehaviorFault,
} from '../behaviors/behavior.js'
import type { Message } from '../wire/messages.js'

/** What the habits of a peer need of it. */
export interface HabitHost {
  /** @throws WireError for a message that cannot be encoded */
  send(message: Message): void
  /** Ends the peer. */
  end(code: BehaviorFault | 'behavior-failed', reason: string, cause: unknown): void
}

/** The behaviors of a peer at work. Until `speak` is called, what they say waits. */
export class Habits {
  readonly #host: HabitHost
  #early: (() => void)[] | undefined = []

  constructor(host: HabitHost) {
    this.#host = host
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

  say(name: string, message: Message): void {
    this.#inTurn(() => {
      try {
        this.#host.send(message)
      } catch (error) {
        this.#end(name, error)
      }
    })
  }

  fail(name: string, error: unknown): void {
    this.#inTurn(() => this.#end(name, error))
  }

  #inTurn(act: () => void): void {
    if (this.#early === undefined) act()
    else this.#early.push(act)
  }

  #end(name: string, error: unknown): void {
    if (error instanceof BehaviorError) this.#host.end(error.code, error.message, error)
    else {
      const reason = error instanceof Error ? error.message : String(error)
      this.#host.end('behavior-failed', `the behavior "${name}" failed: ${reason}`, error)
    }
  }
}

/** Who listens to one behavior. */
class Voice implements Observer<Message> {
  readonly #habits: Habits
  readonly #name: string

  constructor(habits: Habits, name: string) {
    this.#habits = habits
    this.#name = name
  }

  next(message: Message): void {
    this.#habits.say(this.#name, message)
  }

  error(error: unknown): void {
    this.#habits.fail(this.#name, error)
  }

  complete(): void {}
}
