import { Observable, type Subscriber } from 'rxjs'
import { type Audible, type Listener, type Listeners, listeners } from '../behaviors/hear.js'
import { byCommand, type CommandIndex } from '../stream/of-command.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import { attempt } from './attempt.js'

interface Place {
  readonly listener: Listener<Message>
  /** Number of the message in hand when it came. */
  readonly born: number
}

/** Numbers of messages, so that a subscriber starts with the message after the one in hand. */
interface Turns {
  /** The message in hand, or the last one. */
  current: number
  latest: number
}

const NOBODY: readonly Place[] = []

/**
 * A stream of messages that looks commands up in a table. It does what a table of Subjects would, at a tenth of their
 * memory: a node has thousands of peers, and most of them are idle.
 */
class MessageStream
  extends Observable<Message>
  implements CommandIndex, Audible<Message>, Listeners<Message>
{
  readonly #turns: Turns
  /** Lists are replaced, never changed: a loop may be in them. By `concat`: `[...list, one]` has room for 17. */
  #all = NOBODY
  /** By command. Made with the first one. */
  #some: Map<Command, readonly Place[]> | undefined
  #complete = false

  constructor(turns: Turns) {
    super(subscriber => listen(this, subscriber))
    this.#turns = turns
  }

  get [listeners](): Listeners<Message> {
    return this
  }

  [byCommand]<C extends Command>(command: C): Observable<MessageOf<C>> {
    // Who listens under a command gets nothing but that command; the table's type cannot say so.
    return new CommandStream(this, command) as Observable<Message> as Observable<MessageOf<C>>
  }

  deliver(message: Message): void {
    const some = this.#some?.get(message.command)
    if (some !== undefined) this.#tell(some, message)
    this.#tell(this.#all, message)
  }

  complete(): void {
    this.#complete = true
    const all = this.#all
    const some = [...(this.#some?.values() ?? [])].flat()
    this.#all = NOBODY
    this.#some = undefined
    for (const { listener } of [...some, ...all]) attempt(() => listener.complete())
  }

  add(listener: Listener<Message>): void {
    if (this.#complete) listener.complete()
    else this.#all = this.#all.concat(this.#place(listener))
  }

  remove(listener: Listener<Message>): void {
    this.#all = without(this.#all, listener)
  }

  addOf(command: Command, listener: Listener<Message>): void {
    if (this.#complete) {
      listener.complete()
      return
    }
    this.#some ??= new Map()
    this.#some.set(command, (this.#some.get(command) ?? NOBODY).concat(this.#place(listener)))
  }

  removeOf(command: Command, listener: Listener<Message>): void {
    const others = without(this.#some?.get(command) ?? NOBODY, listener)
    if (others.length > 0) this.#some?.set(command, others)
    else this.#some?.delete(command)
  }

  #place(listener: Listener<Message>): Place {
    return { listener, born: this.#turns.current }
  }

  #tell(places: readonly Place[], message: Message): void {
    const turn = this.#turns.current
    for (const { listener, born } of places) if (born !== turn) listener.next(message)
  }
}

/** The messages of one command. */
class CommandStream extends Observable<Message> implements Audible<Message>, Listeners<Message> {
  readonly #stream: MessageStream
  readonly #command: Command

  constructor(stream: MessageStream, command: Command) {
    super(subscriber => listen(this, subscriber))
    this.#stream = stream
    this.#command = command
  }

  get [listeners](): Listeners<Message> {
    return this
  }

  add(listener: Listener<Message>): void {
    this.#stream.addOf(this.#command, listener)
  }

  remove(listener: Listener<Message>): void {
    this.#stream.removeOf(this.#command, listener)
  }
}

function listen(stream: Listeners<Message>, subscriber: Subscriber<Message>): (() => void) | undefined {
  stream.add(subscriber)
  return subscriber.closed ? undefined : () => stream.remove(subscriber)
}

function without(places: readonly Place[], listener: Listener<Message>): readonly Place[] {
  return places.filter(place => place.listener !== listener)
}

/** The two places where messages are handed out: behaviors see them as they come, users perhaps later. */
export class Delivery {
  readonly #turns: Turns = { current: 0, latest: 0 }
  readonly #behaviors = new MessageStream(this.#turns)
  readonly #users = new MessageStream(this.#turns)

  /** The behaviors' own stream. */
  get behaviors(): Observable<Message> & CommandIndex {
    return this.#behaviors
  }

  /** Everybody else's. */
  get messages$(): Observable<Message> & CommandIndex {
    return this.#users
  }

  /**
   * A message comes in, or a waiting one has its turn: whoever subscribes while it is in hand gets the next one.
   * @returns what `resume` takes
   */
  begin(): number {
    const before = this.#turns.current
    this.#turns.latest += 1
    this.#turns.current = this.#turns.latest
    return before
  }

  /** The message is through that was taken in the middle of another one, which is in hand again. */
  resume(before: number): void {
    this.#turns.current = before
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
