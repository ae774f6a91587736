import { AsyncSubject, type Observable, of, Subject } from 'rxjs'
import type { Link } from '../stream/link.js'
import { type EncodeOptions, encodeMessage, type Message, wireName } from '../wire/messages.js'

/** How one message is sent. */
export interface SendOptions {
  /** Transactions and blocks with their witness (BIP144). Default true. */
  readonly witness?: boolean | undefined
}

/** What an outbox tells of a message that was really written. */
export interface Written {
  readonly message: Message
  readonly payload: Uint8Array
  /** Bytes on the wire. */
  readonly size: number
}

/** Queues messages in order, tells when each was really written, and never lets a waiter hang. */
export class Outbox {
  /** Each message when the transport has taken it. */
  readonly written$ = new Subject<Written>()
  readonly #link: Link
  readonly #limit: number
  readonly #overflow: () => void
  readonly #waiting = new Set<AsyncSubject<boolean>>()
  #queued = 0
  #closed = false

  /**
   * @param limit - bytes that may wait to be written
   * @param overflow - called when a message would exceed it
   */
  constructor(link: Link, limit: number, overflow: () => void) {
    this.#link = link
    this.#limit = limit
    this.#overflow = overflow
  }

  /** See `Peer.send`. */
  send(message: Message, options: EncodeOptions): Observable<boolean> {
    const payload = encodeMessage(message, options)
    if (this.#closed) return of(false)
    if (this.#queued + payload.length > this.#limit) {
      this.#overflow()
      return of(false)
    }
    const result = new AsyncSubject<boolean>()
    this.#waiting.add(result)
    this.#queued += payload.length
    this.#link.write(wireName(message), payload, size => {
      if (!this.#waiting.delete(result)) return
      this.#queued -= payload.length
      this.written$.next({ message, payload, size })
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

  /** Ends `written$`. */
  complete(): void {
    this.written$.complete()
  }
}

function settle(result: AsyncSubject<boolean>, written: boolean): void {
  result.next(written)
  result.complete()
}
