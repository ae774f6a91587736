import { Observable, type Subscriber } from 'rxjs'
import { attempt } from '../../peer/attempt.js'
import type { Channel, Question, Take } from '../../peer/channel.js'
import type { CloseReason } from '../../peer/close.js'
import { channelOf } from '../../peer/face.js'
import type { Peer } from '../../peer/peer.js'
import type { Message } from '../../wire/messages.js'
import { RequestError } from '../request-error.js'
import type { Patience } from '../request-options.js'
import { aborted } from './abort.js'
import { Deadline } from './deadline.js'
import { Fences } from './fences.js'
import { type Need, notOffered } from './offers.js'

/** What a request asks, and what it makes of messages. Of one subscription. */
export interface Plan {
  /** What it waits for, as the error of a timeout names it. */
  awaited(): string
  /** Asks: at first, and after each timeout that has a retry left. The deadline has begun. */
  ask(): void
  /** Called for every message of the remote, in wire order, until the request has ended. */
  take(message: Message): Take
  /** Instead of failing at the last timeout; whether it has ended the request. */
  makeDo?(): boolean
  /** Instead of failing with the end of the peer. */
  ended?(error: RequestError): void
  /** Gives back what it holds. Called once, before the last thing that the request says. */
  close?(): void
}

/** What the engine does for a plan. */
export interface Run<T> {
  readonly peer: Peer
  readonly channel: Channel
  /** Whether it has ended, or been given up. */
  readonly closed: boolean
  /** Emits. What it is called from has to be in order by then: the subscriber may ask, abort or unsubscribe. */
  next(value: T): void
  complete(): void
  /** Emits the only answer, when all is given back. */
  settle(value: T): void
  fail(error: unknown): void
  /** The remote has answered: the deadline begins anew, and so do the retries. */
  answered(): void
  /** Whether anything is awaited of the remote: where not, the deadline waits too. */
  await(anything: boolean): void
  /** Wonders about a message that answers nothing: a ping behind it tells when there will be no answer any more. */
  wonder(message: Message, passed: () => void): void
}

/**
 * The engine of all requests: looks at what the remote offers, asks, hears every message, watches the deadline, asks
 * again, and ends with the answer, the peer, an abort, or whoever unsubscribes.
 * @param plan - called at each subscription
 */
export function exchange<T>(
  peer: Peer,
  patience: Patience,
  need: Need,
  plan: (run: Run<T>) => Plan,
): Observable<T> {
  return new Observable(subscriber => {
    const unfit = patience.signal?.aborted ? aborted(patience.signal) : notOffered(peer, need)
    if (unfit === undefined) new Exchange(peer, subscriber, patience).start(plan)
    else subscriber.error(unfit)
  })
}

class Exchange<T> implements Run<T>, Question {
  readonly peer: Peer
  readonly channel: Channel
  readonly #subscriber: Subscriber<T>
  readonly #patience: Patience
  readonly #deadline: Deadline
  #plan: Plan | undefined
  #left: number
  #release: (() => void) | undefined
  #closed = false
  /** Forgets the ping that it wonders behind. */
  #forget: (() => void) | undefined

  constructor(peer: Peer, subscriber: Subscriber<T>, patience: Patience) {
    this.peer = peer
    this.channel = channelOf(peer)
    this.#subscriber = subscriber
    this.#patience = patience
    this.#left = patience.retries
    this.#deadline = new Deadline(this.channel, patience.timeout, () => this.#expire())
  }

  start(plan: (run: Run<T>) => Plan): void {
    this.#plan = plan(this)
    this.#subscriber.add(() => this.#close())
    this.#patience.signal?.addEventListener('abort', this.#abort)
    // Heard before it is asked: an answer may come at the call. A peer that is closed has said so by then.
    const release = this.channel.ask(this)
    if (this.#closed) release()
    else this.#release = release
    this.#ask()
  }

  get closed(): boolean {
    return this.#closed || this.#subscriber.closed
  }

  take(message: Message): Take {
    if (this.closed || this.#plan === undefined) return 'passed'
    try {
      return this.#plan.take(message)
    } catch (error) {
      this.fail(error)
      return 'passed'
    }
  }

  ended(cause: CloseReason): void {
    const error = new RequestError('peer-closed', `the peer closed: ${cause.code}`, { cause })
    if (this.#plan?.ended) this.#plan.ended(error)
    else this.fail(error)
  }

  next(value: T): void {
    if (!this.closed) this.#subscriber.next(value)
  }

  settle(value: T): void {
    if (this.closed) return
    this.#close()
    this.#subscriber.next(value)
    this.#subscriber.complete()
  }

  complete(): void {
    // First of all: whoever hears of the end may ask at once.
    this.#close()
    this.#subscriber.complete()
  }

  fail(error: unknown): void {
    this.#close()
    this.#subscriber.error(error)
  }

  answered(): void {
    this.#left = this.#patience.retries
    if (!this.closed) this.#deadline.start()
  }

  await(anything: boolean): void {
    if (!anything) this.#deadline.stop()
    else if (!this.closed) this.#deadline.start()
  }

  wonder(message: Message, passed: () => void): void {
    this.#forget ??= Fences.of(this.peer)?.behind(message, () => {
      this.#forget = undefined
      passed()
    })
  }

  #ask(): void {
    if (this.closed) return
    this.#deadline.start()
    try {
      this.#plan?.ask()
    } catch (error) {
      this.fail(error)
    }
  }

  #expire(): void {
    this.#forgive()
    if (this.#left > 0) {
      this.#left -= 1
      this.#ask()
    } else if (!this.#plan?.makeDo?.()) {
      const { timeout } = this.#patience
      this.fail(new RequestError('timeout', `no ${this.#plan?.awaited()} within ${timeout} ms`))
    }
  }

  /** What was asked before will not be missed behind that ping: it is asked anew. */
  #forgive(): void {
    this.#forget?.()
    this.#forget = undefined
  }

  readonly #abort = (): void => {
    const { signal } = this.#patience
    // What a listener of a signal throws, such as a finalizer, would be nobody's: Node ends the process by it.
    if (signal !== undefined) attempt(() => this.fail(aborted(signal)))
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#patience.signal?.removeEventListener('abort', this.#abort)
    this.#deadline.stop()
    this.#forgive()
    this.#release?.()
    this.#plan?.close?.()
  }
}
