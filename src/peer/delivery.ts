import { Observable, type Subscriber } from 'rxjs'
import { byCommand, type CommandIndex } from '../stream/of-command.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import { attempt } from './attempt.js'

interface Listener {
  readonly subscriber: Subscriber<Message>
  /** The message in hand when it subscribed. */
  readonly born: number
}

const NOBODY: readonly Listener[] = []

/**
 * A stream of messages that looks commands up in a table. It does what a table of Subjects would, at a tenth of their
 * memory: a node has thousands of peers, and most of them are idle.
 */
class MessageStream extends Observable<Message> implements CommandIndex {
  /** Counts delivered messages, so that a subscriber starts with the message after the one in hand. */
  #sequence = 0
  /** By command; under `undefined` those who want all. Lists are replaced, never changed: a loop may be in them. */
  readonly #listeners = new Map<Command | undefined, readonly Listener[]>()
  #complete = false

  constructor() {
    super(subscriber => this.#listen(undefined, subscriber))
  }

  [byCommand]<C extends Command>(command: C): Observable<MessageOf<C>> {
    // Who listens under a command gets nothing but that command; the table's type cannot say so.
    return new Observable<Message>(subscriber => this.#listen(command, subscriber)) as Observable<
      MessageOf<C>
    >
  }

  /** A message comes in: who subscribes from now on gets the next one. */
  begin(): void {
    this.#sequence += 1
  }

  deliver(message: Message): void {
    this.#tell(this.#listeners.get(message.command) ?? NOBODY, message)
    this.#tell(this.#listeners.get(undefined) ?? NOBODY, message)
  }

  complete(): void {
    this.#complete = true
    const all = this.#listeners.get(undefined) ?? NOBODY
    this.#listeners.delete(undefined)
    const some = [...this.#listeners.values()].flat()
    this.#listeners.clear()
    for (const { subscriber } of [...some, ...all]) attempt(() => subscriber.complete())
  }

  #tell(listeners: readonly Listener[], message: Message): void {
    for (const { subscriber, born } of listeners) if (born !== this.#sequence) subscriber.next(message)
  }

  #listen(key: Command | undefined, subscriber: Subscriber<Message>): (() => void) | undefined {
    if (this.#complete) {
      subscriber.complete()
      return undefined
    }
    const listener: Listener = { subscriber, born: this.#sequence }
    this.#listeners.set(key, [...(this.#listeners.get(key) ?? NOBODY), listener])
    return () => {
      const others = (this.#listeners.get(key) ?? NOBODY).filter(other => other !== listener)
      if (others.length > 0) this.#listeners.set(key, others)
      else this.#listeners.delete(key)
    }
  }
}

/** The two places where messages are handed out: behaviors see them as they come, users perhaps later. */
export class Delivery {
  readonly #behaviors = new MessageStream()
  readonly #users = new MessageStream()

  /** The behaviors' own stream. */
  get behaviors(): Observable<Message> & CommandIndex {
    return this.#behaviors
  }

  /** Everybody else's. */
  get messages$(): Observable<Message> & CommandIndex {
    return this.#users
  }

  /** A message comes in, or a waiting one has its turn: whoever subscribes while it is in hand gets the next one. */
  begin(): void {
    this.#behaviors.begin()
    this.#users.begin()
  }

  toBehaviors(message: Message): void {
    this.#behaviors.deliver(message)
  }

  /** First to those of its command, then to those who want all. */
  toUsers(message: Message): void {
    this.#users.deliver(message)
  }

  complete(): void {
    this.#behaviors.complete()
    this.#users.complete()
  }
}
