import { AsyncSubject, type Observable, of } from 'rxjs'
import type { Link } from '../stream/link.js'
import { type EncodeOptions, encodeMessage, type Message, wireName } from '../wire/messages.js'

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

/** A message that the transport has taken. */
export interface Written {
  readonly message: Message
  readonly payload: Uint8Array
  /** Bytes on the wire. */
  readonly size: number
  /** See {@link SendOptions.awaited}. */
  readonly awaited: boolean
}

/** What an outbox tells. */
export interface OutboxEvents {
  /** The transport has taken a message. */
  written(written: Written): void
  /** A message would exceed the limit. */
  overflow(): void
}

/** Queues messages in order, tells when each was really written, and never lets a waiter hang. */
export class Outbox {
  readonly #link: Link
  readonly #limit: number
  readonly #events: OutboxEvents
  readonly #waiting = new Set<AsyncSubject<boolean>>()
  #queued = 0
  #closed = false

  /** @param limit - bytes that may wait to be written */
  constructor(link: Link, limit: number, events: OutboxEvents) {
    this.#link = link
    this.#limit = limit
    this.#events = events
  }

  /** See `Peer.send`. */
  send(message: Message, { awaited = false, ...options }: SendOptions & EncodeOptions): Observable<boolean> {
    const payload = encodeMessage(message, options)
    if (this.#closed) return of(false)
    if (this.#queued + payload.length > this.#limit) {
      this.#events.overflow()
      return of(false)
    }
    const result = new AsyncSubject<boolean>()
    this.#waiting.add(result)
    this.#queued += payload.length
    this.#link.write(wireName(message), payload, size => {
      if (!this.#waiting.delete(result)) return
      this.#queued -= payload.length
      this.#events.written({ message, payload, size, awaited })
      settle(result, true)
    })
    return result.asObservable()
  }

  /** Settles everything that waits as not written; `send` answers false from now on. */
  close(): void {
    this.#closed = true
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const result of waiting) settle(result, false)
  }
}

function settle(result: AsyncSubject<boolean>, written: boolean): void {
  result.next(written)
  result.complete()
}
