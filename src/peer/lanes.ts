import type { Ledger } from '../stream/ledger.js'
import type { Inbound, Reading } from '../stream/link.js'
import type { Message } from '../wire/messages.js'
import { Backlog, type Waiting } from './backlog.js'
import { Callbacks } from './callbacks.js'
import { Delivery } from './delivery.js'
import type { Marks } from './marks.js'
import type { Pace } from './pace.js'
import { Kept, Pins } from './pins.js'
import { Questions } from './questions.js'
import type { Share } from './share.js'

/** Bytes that a hold with a size counts at least: what is held has objects too. */
export const HOLD_OVERHEAD = 512
/** Bytes that it takes to hold a message: the hold itself, and its place among those that `consume` has not begun. */
const HOLDING = 300
/** What lanes tell. */
export interface LanesEvents {
  /** `full` has changed. */
  pressed(): void
  /** Nothing waits any more. */
  drained(): void
}

/**
 * The ways of a message after the gate, in this order: behaviors, open questions, users. The first two see wire order,
 * whatever happens; what users hold lets only users wait, in a queue of their own.
 */
export class Lanes {
  readonly delivery = new Delivery()
  readonly questions = new Questions()
  readonly #ledger: Ledger
  readonly #marks: Pick<Marks, 'held'>
  readonly #pace: Pace
  readonly #events: LanesEvents
  readonly #pins: Pins
  readonly #backlog: Backlog
  /** More is held than the mark allows. */
  #congested = false
  /** How many want delivery to users stopped for a reason of their own. */
  #stops = 0
  #handling = false
  #delivering = false
  /** Others have their turn before more of what waits is delivered. */
  #resting = false
  /** The message in hand, as it came in or as it waited. */
  #inbound: Inbound | undefined
  #message: Message | undefined
  #waited: Waiting | undefined
  readonly #cleared = new Callbacks()
  /** Of what a request gives at the moment. */
  #share: Share | undefined

  constructor(
    {
      ledger,
      marks,
      pace,
    }: {
      readonly ledger: Ledger
      readonly marks: Pick<Marks, 'held' | 'queue'>
      readonly pace: Pace
    },
    events: LanesEvents,
  ) {
    this.#ledger = ledger
    this.#marks = marks
    this.#pace = pace
    this.#events = events
    this.#pins = new Pins(ledger, 'held')
    this.#backlog = new Backlog(ledger, marks.queue)
  }

  /** Whether so much waits for users that reading has to. */
  get full(): boolean {
    return this.#backlog.full
  }

  /** Whether handlers hold more than their mark. */
  get congested(): boolean {
    return this.#congested
  }

  /** Whether something waits for users, or they have a message in hand. */
  get waiting(): boolean {
    return this.#delivering || this.#backlog.length > 0
  }

  /** Whether users have a message in hand. */
  get delivering(): boolean {
    return this.#delivering
  }

  /** Whether behaviors have a message in hand: what they say is an answer to it. */
  get handling(): boolean {
    return this.#handling
  }

  /** Bytes that the message keeps alive that behaviors have in hand; 0 where there is none. */
  get inHand(): number {
    if (!this.#handling || this.#message === undefined || this.#inbound === undefined) return 0
    return this.#pins.weigh(this.#message, this.#inbound.payload)
  }

  /** Calls back once when handlers hold less again. */
  whenClear(go: () => void): () => void {
    return this.#cleared.add(go)
  }

  /** Whatever is held while `give` runs is held of this share. */
  feed(share: Share, give: () => void): void {
    const before = this.#share
    this.#share = share
    try {
      give()
    } finally {
      this.#share = before
    }
  }

  receive(inbound: Inbound, message: Message, reading: Reading): void {
    this.#inbound = inbound
    this.#message = message
    this.delivery.begin()
    try {
      this.#handling = true
      this.delivery.toBehaviors(message)
      this.#handling = false
      if (this.questions.claims(message)) return
      if (this.#blocked || this.waiting) this.#wait(inbound, message, reading)
      else this.#deliver(message)
    } finally {
      this.#handling = false
      this.#inbound = undefined
      this.#message = undefined
    }
  }

  /** See `Peer.hold`. */
  hold(bytes?: number): () => void {
    const kept = bytes === undefined ? this.#holdInHand() : this.#hold(bytes)
    const freed = this.#share?.hold()
    if (this.#ledger.of('held') > this.#marks.held) this.#congested = true
    return () => {
      kept.release()
      this.#clear()
      freed?.()
    }
  }

  /** Stops delivery to users until the returned function is called. */
  stop(): () => void {
    this.#stops += 1
    let stopped = true
    return () => {
      if (!stopped) return
      stopped = false
      this.#stops -= 1
      this.#drain()
    }
  }

  /** Forgets what waits for users. */
  forget(): void {
    this.#backlog.clear()
  }

  /** Ends the streams. */
  close(): void {
    this.forget()
    this.#cleared.clear()
    this.delivery.complete()
  }

  get #blocked(): boolean {
    return this.#congested || this.#stops > 0
  }

  #hold(bytes: number): Kept {
    // What is no number, or has no end, must not make a sum of the others that never ends.
    const cost = bytes >= HOLD_OVERHEAD ? Math.min(bytes, Number.MAX_SAFE_INTEGER) : HOLD_OVERHEAD
    return new Kept(this.#ledger, 'held', cost)
  }

  #holdInHand(): Kept {
    if (this.#waited !== undefined) return this.#hold(this.#waited.bytes + HOLDING)
    if (this.#message === undefined || this.#inbound === undefined) return this.#hold(HOLD_OVERHEAD)
    return this.#pins.keep(this.#message, this.#inbound.payload, HOLDING)
  }

  #clear(): void {
    if (!this.#congested || this.#ledger.of('held') > this.#marks.held / 2) return
    this.#congested = false
    this.#drain()
    if (this.#congested) return
    this.#cleared.call()
  }

  #wait(inbound: Inbound, message: Message, reading: Reading): void {
    const { full } = this.#backlog
    this.#backlog.push(inbound, message, reading)
    if (this.#backlog.full !== full) this.#events.pressed()
  }

  #deliver(message: Message): void {
    this.#delivering = true
    try {
      this.delivery.toUsers(message)
    } finally {
      this.#delivering = false
    }
  }

  /** Delivers what waits, as long as it may and there is time for it in this turn. */
  #drain(): void {
    if (this.#delivering || this.#resting) return
    this.#pace.begin()
    while (!this.#blocked) {
      if (this.#backlog.length > 0 && this.#pace.spent) {
        this.#rest()
        break
      }
      const next = this.#backlog.shift()
      if (next === undefined) break
      this.#deliverWaiting(next)
      this.#pace.step(next.bytes)
    }
    this.#pace.end()
    if (!this.waiting) this.#events.drained()
  }

  #deliverWaiting(next: Waiting): void {
    const { full } = this.#backlog
    this.#waited = next
    const before = this.delivery.begin()
    this.#deliver(next.message)
    this.delivery.resume(before)
    this.#waited = undefined
    this.#backlog.through()
    if (this.#backlog.full !== full) this.#events.pressed()
  }

  #rest(): void {
    this.#resting = true
    this.#pace.later(() => {
      this.#resting = false
      this.#drain()
    })
  }
}
