import type { Ledger } from '../stream/ledger.js'
import type { Inbound, Reading } from '../stream/link.js'
import { objectsOf, readsBytes } from '../stream/objects.js'
import { Queue } from '../stream/queue.js'
import { decodeMessage, type Message } from '../wire/messages.js'
import { BUFFER, isAlone } from './pins.js'

/** Bytes of a place in the queue. */
const PLACE = 60

/** A message that waits for users. */
export interface Waiting {
  readonly message: Message
  /** Bytes that it keeps alive, its place in the queue left out. */
  readonly bytes: number
}

/** What waits for users, in order, on the account `queue`. */
export class Backlog {
  readonly #ledger: Ledger
  readonly #mark: number
  #waiting: Queue<Waiting> | undefined
  #full = false

  /** @param mark - bytes above which so much waits that reading has to; it goes on at half */
  constructor(ledger: Ledger, mark: number) {
    this.#ledger = ledger
    this.#mark = mark
  }

  get length(): number {
    return this.#waiting?.length ?? 0
  }

  /** Whether so much waits that reading has to. */
  get full(): boolean {
    return this.#full
  }

  push(inbound: Inbound, message: Message, reading: Reading): void {
    const waiting = waitingOf(inbound, message, reading)
    this.#waiting ??= new Queue()
    this.#waiting.push(waiting)
    this.#ledger.charge('queue', waiting.bytes + PLACE)
    if (this.#ledger.of('queue') > this.#mark) this.#full = true
  }

  /** The one whose turn it is. */
  shift(): Waiting | undefined {
    const waiting = this.#waiting?.shift()
    if (waiting !== undefined) this.#ledger.refund('queue', waiting.bytes + PLACE)
    return waiting
  }

  /** The one that was taken is through: only now there is room for others. */
  through(): void {
    if (this.#ledger.of('queue') <= this.#mark / 2) this.#full = false
  }

  /** Lets go of all. */
  clear(): void {
    while (this.shift() !== undefined);
  }
}

/** A message that can wait for long: by itself, where it would keep a chunk alive that is larger. */
function waitingOf({ name, payload }: Inbound, message: Message, reading: Reading): Waiting {
  if (!readsBytes(message)) return { message, bytes: objectsOf(message) }
  const own = isAlone(payload) ? payload : new Uint8Array(payload)
  const itself = own === payload ? message : decodeMessage(name, own, reading)
  return { message: itself, bytes: objectsOf(itself) + BUFFER + own.buffer.byteLength }
}
