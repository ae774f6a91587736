import { type Ledger, MESSAGE_COST } from '../stream/ledger.js'
import type { Inbound, Reading } from '../stream/link.js'
import { Queue } from '../stream/queue.js'
import { WireError } from '../wire/error.js'
import { decodeMessage, type Message } from '../wire/messages.js'
import { Delivery } from './delivery.js'
import type { Marks } from './marks.js'
import { Pins, unpinned } from './pins.js'
import { Questions } from './questions.js'

/** Bytes that every held message counts at least: its objects take memory too. */
export const HOLD_OVERHEAD = 512

interface Waiting {
  readonly message: Message
  readonly cost: number
}

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
  readonly #marks: Pick<Marks, 'held' | 'queue'>
  readonly #events: LanesEvents
  readonly #pins = new Pins()
  #waiting: Queue<Waiting> | undefined
  /** More is held than the mark allows. */
  #congested = false
  /** More waits for users than the mark allows. */
  #full = false
  /** How many want delivery to users stopped for a reason of their own. */
  #stops = 0
  #delivering = false
  /** The message in hand, or what it costs, for `hold` without a size. */
  #inHand: Inbound | number = 0
  #cleared: (() => void)[] = []

  constructor(ledger: Ledger, marks: Pick<Marks, 'held' | 'queue'>, events: LanesEvents) {
    this.#ledger = ledger
    this.#marks = marks
    this.#events = events
  }

  /** Whether so much waits for users that reading has to. */
  get full(): boolean {
    return this.#full
  }

  /** Whether handlers hold more than their mark. */
  get congested(): boolean {
    return this.#congested
  }

  /** Whether something waits for users. */
  get waiting(): boolean {
    return this.#delivering || (this.#waiting?.length ?? 0) > 0
  }

  /** Whether a message is being handed round to behaviors and questions. */
  get handling(): boolean {
    return typeof this.#inHand !== 'number'
  }

  /** Bytes that the message in hand keeps alive; 0 where there is none. */
  get inHand(): number {
    const inHand = this.#inHand
    return typeof inHand === 'number' ? inHand : this.#pins.cost(inHand.payload, inHand.size)
  }

  /** Calls back once when handlers hold less again. */
  whenClear(go: () => void): () => void {
    this.#cleared = [...this.#cleared, go]
    return () => {
      this.#cleared = this.#cleared.filter(other => other !== go)
    }
  }

  receive(inbound: Inbound, message: Message, reading: Reading): void {
    this.#inHand = inbound
    try {
      this.delivery.begin()
      this.delivery.toBehaviors(message)
      if (this.questions.claims(message)) return
      if (this.#blocked || this.waiting) this.#queue(inbound, message, reading)
      else this.#deliver(message)
    } finally {
      this.#inHand = 0
    }
  }

  /** See `Peer.hold`. */
  hold(bytes = this.inHand): () => void {
    const cost = Math.max(bytes, HOLD_OVERHEAD)
    const release = this.#ledger.lend('held', cost)
    if (this.#ledger.of('held') > this.#marks.held) this.#congested = true
    return () => {
      release()
      this.#clear()
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

  /** Forgets what waits, and ends the streams. */
  close(): void {
    for (let one = this.#waiting?.shift(); one; one = this.#waiting?.shift()) {
      this.#ledger.refund('queue', one.cost)
    }
    this.#cleared = []
    this.delivery.complete()
  }

  get #blocked(): boolean {
    return this.#congested || this.#stops > 0
  }

  #clear(): void {
    if (!this.#congested || this.#ledger.of('held') > this.#marks.held / 2) return
    this.#congested = false
    this.#drain()
    const cleared = this.#cleared
    this.#cleared = []
    for (const go of cleared) go()
  }

  #queue(inbound: Inbound, message: Message, reading: Reading): void {
    const cost = Math.max(inbound.size + MESSAGE_COST, HOLD_OVERHEAD)
    this.#waiting ??= new Queue()
    this.#waiting.push({ message: detached(inbound, message, reading), cost })
    this.#ledger.charge('queue', cost)
    if (this.#ledger.of('queue') > this.#marks.queue && !this.#full) {
      this.#full = true
      this.#events.pressed()
    }
  }

  #deliver(message: Message): void {
    this.#delivering = true
    try {
      this.delivery.toUsers(message)
    } finally {
      this.#delivering = false
    }
  }

  #drain(): void {
    if (this.#delivering) return
    while (!this.#blocked) {
      const next = this.#waiting?.shift()
      if (next === undefined) break
      this.#ledger.refund('queue', next.cost)
      this.delivery.begin()
      const before = this.#inHand
      this.#inHand = next.cost
      this.#deliver(next.message)
      this.#inHand = before
      if (this.#full && this.#ledger.of('queue') <= this.#marks.queue / 2) {
        this.#full = false
        this.#events.pressed()
      }
    }
    if (!this.waiting) this.#events.drained()
  }
}

/** A message that can wait for long: by itself, where it would keep a chunk alive that is much larger. */
function detached(inbound: Inbound, message: Message, reading: Reading): Message {
  const payload = unpinned(inbound.payload)
  if (payload === inbound.payload) return message
  try {
    return decodeMessage(inbound.name, payload, reading)
  } catch (error) {
    if (error instanceof WireError) return message
    throw error
  }
}
