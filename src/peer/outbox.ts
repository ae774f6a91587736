import type { Observable } from 'rxjs'
import { ByteQueue } from '../stream/byte-queue.js'
import type { Connection } from '../stream/connection.js'
import type { Ledger } from '../stream/ledger.js'
import type { Link } from '../stream/link.js'
import { Queue } from '../stream/queue.js'
import type { Message } from '../wire/messages.js'
import type { Pace } from './pace.js'
import type { Posting } from './posting.js'
import { Receipts } from './receipts.js'
import { weightOf } from './weight.js'

/** What an outbox tells. */
export interface OutboxEvents {
  /** The transport has taken a message. */
  written(message: Message, size: number, posting: Posting): void
  /** A message waits: the transport has not taken it at the call. */
  waits(): void
  /** A message would exceed the limit. */
  overflow(): void
  /** The transport threw where it should have taken bytes. */
  broken(cause: unknown): void
}

/**
 * Bytes that are handed to the transport at a time. What is handed over shows no progress before all of it is taken, and
 * nobody can bound what a transport keeps.
 */
const HANDED = 262_144
/** Bytes of one write. */
const PIECE = 65_536

/**
 * Queues messages in order, hands their bytes to the transport bit by bit, tells when each was really written, and
 * never lets a waiter hang. A message that waits is a number, a slot and its bytes.
 */
export class Outbox {
  readonly #link: Link
  readonly #connection: Connection
  readonly #ledger: Ledger
  readonly #limit: number
  readonly #pace: Pace
  readonly #events: OutboxEvents
  /** Messages whose bytes are not all taken; with their sizes, costs and postings, the oldest first. */
  readonly #messages = new Queue<Message>()
  readonly #sizes = new Queue<number>()
  readonly #costs = new Queue<number>()
  readonly #postings = new Queue<Posting>()
  /** Bytes that are not handed over yet. */
  readonly #bytes = new ByteQueue()
  readonly #pieces = new Queue<number>()
  readonly #receipts = new Receipts()
  #handed = 0
  /** Bytes that are taken of the oldest message, and of those behind it that nobody was told of yet. */
  #taken = 0
  #lastProgress = 0
  #working = false
  #resting = false
  #closed = false

  /** @param limit - bytes, at their real cost, that users and habits may let wait */
  constructor(
    {
      link,
      connection,
      ledger,
      pace,
    }: {
      readonly link: Link
      readonly connection: Connection
      readonly ledger: Ledger
      readonly pace: Pace
    },
    limit: number,
    events: OutboxEvents,
  ) {
    this.#pace = pace
    this.#link = link
    this.#connection = connection
    this.#ledger = ledger
    this.#limit = limit
    this.#events = events
  }

  /** Whether all is written. */
  get empty(): boolean {
    return this.#messages.length === 0
  }

  /** `monotonic()` when bytes were taken last, or began to wait. */
  get lastProgress(): number {
    return this.#lastProgress
  }

  /**
   * See `Peer.send`: queued at the call, and told of when it is asked.
   * @throws WireError
   */
  send(message: Message, posting: Posting): Observable<boolean> {
    return this.#receipts.of(this.post(message, posting))
  }

  /**
   * The number of the message that was queued; 0 where it was not.
   * @throws WireError for a message that cannot be encoded, which leaves no trace
   */
  post(message: Message, posting: Posting): number {
    const bytes = this.#link.encode(message, posting)
    if (this.#closed) return 0
    const cost = weightOf(message, bytes.length, posting.account)
    if (posting.account === 'send' && this.#ledger.of('send') + cost > this.#limit) {
      this.#events.overflow()
      return 0
    }
    if (this.empty) this.#lastProgress = this.#pace.monotonic()
    this.#ledger.charge(posting.account, cost)
    this.#messages.push(message)
    this.#sizes.push(bytes.length)
    this.#costs.push(cost)
    this.#postings.push(posting)
    const number = this.#receipts.accept()
    // In the ordinary case nothing waits, and nothing is copied.
    if (this.#bytes.length === 0 && this.#handed + bytes.length <= HANDED && bytes.length <= PIECE)
      this.#hand(bytes)
    else {
      this.#bytes.push(bytes)
      while (this.#handNext(HANDED));
    }
    if (!this.empty) this.#events.waits()
    return number
  }

  /**
   * Bytes that a message takes while it waits.
   * @throws WireError for a message that cannot be encoded
   */
  weigh(message: Message, posting: Posting): number {
    return weightOf(message, this.#link.encode(message, posting).length, posting.account)
  }

  /** Hands all that waits to the transport: it is going to be closed, and writes what it has before. */
  flush(): void {
    while (this.#handNext(Number.POSITIVE_INFINITY));
  }

  /** Settles everything that waits as not written; what is posted from now on is not queued. */
  close(): void {
    // What is taken is written, also where nobody had the time to tell.
    while (this.#reportNext());
    this.#closed = true
    this.#bytes.clear()
    this.#messages.clear()
    this.#sizes.clear()
    this.#costs.clear()
    this.#postings.clear()
    this.#ledger.set('send', 0)
    this.#ledger.set('reply', 0)
    this.#receipts.close()
  }

  #hand(piece: Uint8Array): void {
    this.#handed += piece.length
    this.#pieces.push(piece.length)
    try {
      this.#connection.write(piece, this.#onTaken)
    } catch (cause) {
      this.#events.broken(cause)
    }
  }

  /** One function for all writes: a transport takes them in their order. */
  readonly #onTaken = (): void => {
    const size = this.#pieces.shift() ?? 0
    this.#handed -= size
    if (this.#closed) return
    this.#lastProgress = this.#pace.monotonic()
    this.#taken += size
    this.#work()
  }

  /**
   * Tells of what was written, and hands over what comes next, bit by bit: a transport that takes all at once would else
   * keep this turn of the event loop to itself. One that takes a write at the call comes in here again, and finds it at work.
   */
  #work(): void {
    if (this.#working || this.#resting) return
    this.#working = true
    this.#pace.begin()
    while (!this.#closed) {
      if (this.#pace.spent) {
        this.#rest()
        break
      }
      if (!this.#reportNext() && !this.#handNext(HANDED)) break
      this.#pace.step()
    }
    this.#pace.end()
    this.#working = false
  }

  #rest(): void {
    this.#resting = true
    this.#pace.later(() => {
      this.#resting = false
      this.#work()
    })
  }

  /** Hands a piece to the transport, where it has not more than `most` already; whether there was one. */
  #handNext(most: number): boolean {
    if (this.#handed >= most || this.#closed) return false
    const piece = this.#bytes.take(Math.min(PIECE, most - this.#handed))
    if (piece === undefined) return false
    this.#hand(piece)
    return true
  }

  /** Tells of the oldest message, where all of it is taken; whether it was. */
  #reportNext(): boolean {
    const size = this.#sizes.first
    if (size === undefined || this.#taken < size) return false
    const message = this.#messages.shift()
    const posting = this.#postings.shift()
    const cost = this.#costs.shift()
    this.#sizes.shift()
    this.#taken -= size
    if (message === undefined || posting === undefined || cost === undefined) return false
    this.#ledger.refund(posting.account, cost)
    this.#events.written(message, size, posting)
    this.#receipts.written()
    return true
  }
}
