import { Observable, Subject } from 'rxjs'
import { byCommand, type CommandIndex } from '../stream/of-command.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'

/** Counts delivered messages, so that a subscriber starts with the message after the one in hand. */
interface Sequence {
  current: number
}

/** A stream of messages that looks commands up in a table of subjects, made on demand. */
class MessageStream extends Observable<Message> implements CommandIndex {
  readonly #sequence: Sequence
  readonly #all = new Subject<Message>()
  readonly #commands = new Map<Command, Subject<Message>>()
  #complete = false

  constructor(sequence: Sequence) {
    super(subscriber => this.#startingWithNext(this.#all).subscribe(subscriber))
    this.#sequence = sequence
  }

  [byCommand]<C extends Command>(command: C): Observable<MessageOf<C>> {
    // The subject of a command carries nothing but that command; the table's type cannot say so.
    return new Observable<Message>(subscriber =>
      this.#startingWithNext(this.#subject(command)).subscribe(subscriber),
    ) as Observable<MessageOf<C>>
  }

  deliver(message: Message): void {
    this.#commands.get(message.command)?.next(message)
    this.#all.next(message)
  }

  complete(): void {
    this.#complete = true
    for (const subject of this.#commands.values()) subject.complete()
    this.#all.complete()
  }

  #subject(command: Command): Subject<Message> {
    const known = this.#commands.get(command)
    if (known !== undefined) return known
    const subject = new Subject<Message>()
    if (this.#complete) subject.complete()
    this.#commands.set(command, subject)
    return subject
  }

  #startingWithNext(subject: Subject<Message>): Observable<Message> {
    return new Observable(subscriber => {
      const born = this.#sequence.current
      return subject.subscribe({
        next: message => {
          if (this.#sequence.current !== born) subscriber.next(message)
        },
        complete: () => subscriber.complete(),
      })
    })
  }
}

/** Hands each message to the behaviors, then to `on(command)`, then to `messages$`. */
export class Delivery {
  readonly #sequence: Sequence = { current: 0 }
  /** The behaviors' own stream. */
  readonly behaviors: Observable<Message> & CommandIndex
  /** Everybody else's. */
  readonly messages$: Observable<Message> & CommandIndex
  readonly #tiers: readonly MessageStream[]

  constructor() {
    const behaviors = new MessageStream(this.#sequence)
    const users = new MessageStream(this.#sequence)
    this.behaviors = behaviors
    this.messages$ = users
    this.#tiers = [behaviors, users]
  }

  /** Delivers to all who were subscribed when the message came; whoever subscribes meanwhile gets the next one. */
  deliver(message: Message): void {
    this.#sequence.current += 1
    for (const tier of this.#tiers) tier.deliver(message)
  }

  complete(): void {
    for (const tier of this.#tiers) tier.complete()
  }
}
