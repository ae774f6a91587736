import { Observable, type Subscriber } from 'rxjs'
import { ByteQueue } from '../stream/byte-queue.js'
import type { Connection } from '../stream/connection.js'
import type { Clock } from '../stream/environment.js'
import type { Account, Ledger } from '../stream/ledger.js'
import { MESSAGE_COST } from '../stream/ledger.js'
import type { Link } from '../stream/link.js'
import { Queue } from '../stream/queue.js'
import type { EncodeOptions, Message } from '../wire/messages.js'
import { attempt } from './attempt.js'

/** How one message is sent. */
export interface SendOptions {
  /** Transactions and blocks with their witness (BIP144). Default true. */
  readonly witness?: boolean | undefined
  /**
   * Whoever sends it awaits the answer with a deadline of its own, so that the `stall` behavior does not close the peer
   * where none comes. Default false; requests say true.
   */
  readonly awaited?: boolean | undefined
}

/** On whose account a message waits, and what else is known of it. */
export interface Posting extends EncodeOptions {
  readonly account: Extract<Account, 'send' | 'reply'>
  readonly awaited?: boolean | undefined
  /** It belongs to the handshake. */
  readonly opening?: boolean | undefined
}

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
  readonly #clock: Clock
  readonly #limit: number
  readonly #events: OutboxEvents
  /** Messages whose bytes are not all taken; with their sizes and postings, the oldest first. */
  readonly #messages = new Queue<Message>()
  readonly #sizes = new Queue<number>()
  readonly #postings = new Queue<Posting>()
  /** Bytes that are not handed over yet. */
  readonly #bytes = new ByteQueue()
  readonly #pieces = new Queue<number>()
  #handed = 0
  /** Bytes that are taken of the oldest message. */
  #taken = 0
  /** Numbers of the last message that was accepted, and of the last that was written. */
  #accepted = 0
  #written = 0
  #waiters: Map<number, Subscriber<boolean>[]> | undefined
  #lastProgress = 0
  #closed = false

  /** @param limit - bytes, at their real cost, that users and habits may let wait */
  constructor(
    {
      link,
      connection,
      ledger,
      clock,
    }: {
      readonly link: Link
      readonly connection: Connection
      readonly ledger: Ledger
      readonly clock: Clock
    },
    limit: number,
    events: OutboxEvents,
  ) {
    this.#clock = clock
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
    const number = this.post(message, posting)
    return new Observable(subscriber => this.#await(number, subscriber))
  }

  /**
   * The number of the message that was queued; 0 where it was not.
   * @throws WireError for a message that cannot be encoded, which leaves no trace
   */
  post(message: Message, posting: Posting): number {
    const bytes = this.#link.encode(message, posting)
    if (this.#closed) return 0
    const cost = bytes.length + MESSAGE_COST
    if (posting.account === 'send' && this.#ledger.of('send') + cost > this.#limit) {
      this.#events.overflow()
      return 0
    }
    if (this.empty) this.#lastProgress = this.#clock.monotonic()
    this.#ledger.charge(posting.account, cost)
    this.#messages.push(message)
    this.#sizes.push(bytes.length)
    this.#postings.push(posting)
    this.#accepted += 1
    const number = this.#accepted
    // In the ordinary case nothing waits, and nothing is copied.
    if (this.#bytes.length === 0 && this.#handed < HANDED && bytes.length <= PIECE) this.#hand(bytes)
    else {
      this.#bytes.push(bytes)
      this.#pump(HANDED)
    }
    if (!this.empty) this.#events.waits()
    return number
  }

  /** Hands all that waits to the transport: it is going to be closed, and writes what it has before. */
  flush(): void {
    this.#pump(Number.POSITIVE_INFINITY)
  }

  /** Settles everything that waits as not written; what is posted from now on is not queued. */
  close(): void {
    this.#closed = true
    const waiters = this.#waiters
    this.#waiters = undefined
    this.#bytes.clear()
    this.#messages.clear()
    this.#sizes.clear()
    this.#postings.clear()
    this.#ledger.set('send', 0)
    this.#ledger.set('reply', 0)
    for (const subscribers of waiters?.values() ?? []) for (const one of subscribers) settle(one, false)
  }

  #await(number: number, subscriber: Subscriber<boolean>): (() => void) | undefined {
    if (number === 0 || (this.#closed && number > this.#written)) settle(subscriber, false)
    else if (number <= this.#written) settle(subscriber, true)
    else {
      this.#waiters ??= new Map()
      const waiters = this.#waiters
      waiters.set(number, [...(waiters.get(number) ?? []), subscriber])
      return () => {
        const others = (waiters.get(number) ?? []).filter(other => other !== subscriber)
        if (others.length > 0) waiters.set(number, others)
        else waiters.delete(number)
      }
    }
    return undefined
  }

  #pump(most: number): void {
    while (this.#handed < most && !this.#closed) {
      const piece = this.#bytes.take(PIECE)
      if (piece === undefined) return
      this.#hand(piece)
    }
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
    this.#lastProgress = this.#clock.monotonic()
    this.#taken += size
    this.#report()
    this.#pump(HANDED)
  }

  #report(): void {
    for (let size = this.#sizes.first; size !== undefined; size = this.#sizes.first) {
      if (this.#taken < size) return
      const message = this.#messages.shift()
      const posting = this.#postings.shift()
      this.#sizes.shift()
      this.#taken -= size
      if (message === undefined || posting === undefined) return
      this.#written += 1
      this.#ledger.refund(posting.account, size + MESSAGE_COST)
      const number = this.#written
      this.#events.written(message, size, posting)
      const waiters = this.#waiters?.get(number)
      if (waiters === undefined) continue
      this.#waiters?.delete(number)
      for (const waiter of waiters) settle(waiter, true)
    }
  }
}

function settle(subscriber: Subscriber<boolean>, written: boolean): void {
  subscriber.next(written)
  attempt(() => subscriber.complete())
}
