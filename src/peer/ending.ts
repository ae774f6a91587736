import { Observable, of } from 'rxjs'
import { attempt } from './attempt.js'
import { type CloseCode, type CloseReason, isOrderly, PeerError } from './close.js'
import { withoutFrames } from './frames.js'
import { hangUp } from './hang-up.js'
import { LateSubject } from './late-subject.js'
import type { Parts } from './parts.js'
import type { PeerStats } from './stats.js'

/** Whom an end is told. */
export interface EndingHost {
  /** Our own `disconnect()`. */
  complete(): void
  error(error: PeerError): void
  stats(): PeerStats
}

/** Our own ends at which what is queued will not be written any more. */
const hopeless: ReadonlySet<CloseCode> = new Set(['send-stalled', 'memory-exceeded'])

/**
 * The end of a peer, in the order that users can rely on: 1 timers and socket, 2 pending sends, 3 `closed$`, 4 `connect`,
 * 5 the streams. Completing the streams first would let `toArray()` emit a truncated list before `retry` acts.
 */
export class Ending {
  readonly #closed = new LateSubject<CloseReason>()
  readonly #parts: Parts
  readonly #host: EndingHost
  #reason: CloseReason | undefined
  #over = false

  constructor(parts: Parts, host: EndingHost) {
    this.#parts = parts
    this.#host = host
  }

  /** The reason, once, replayed. */
  get closed$(): Observable<CloseReason> {
    return new Observable(subscriber => {
      const reason = this.#over ? this.#reason : undefined
      return (reason === undefined ? this.#closed.stream$ : of(reason)).subscribe(subscriber)
    })
  }

  /** Ends the connection. The rest waits for the message in hand, and behind an orderly end for users. */
  begin(reason: CloseReason): void {
    const { outbox, replies, connection, intake, lanes, watch } = this.#parts
    this.#reason = reason
    attempt(() => watch.stop())
    replies.close()
    if (reason.by === 'remote' || hopeless.has(reason.code)) hangUp(connection, 'abort')
    else {
      outbox.flush()
      hangUp(connection, 'close')
    }
    attempt(() => intake.stop())
    if (!isOrderly(reason)) lanes.forget()
    // Requests and sends need not wait for handlers: no answer will come.
    if (isOrderly(reason) && lanes.waiting && !intake.running) {
      outbox.close()
      lanes.questions.end(reason)
    }
    this.settle()
  }

  /** Goes on where nothing has to be waited for any more. The message in hand reaches all who listen. */
  settle(): void {
    const { intake, lanes } = this.#parts
    const reason = this.#reason
    if (reason === undefined || this.#over || intake.running || lanes.delivering) return
    if (isOrderly(reason) && lanes.waiting) return
    this.#finish(reason)
  }

  /** Waits for nobody: what waits for users is dropped. */
  now(): void {
    if (this.#reason === undefined) return
    this.#parts.lanes.forget()
    this.settle()
  }

  #finish(reason: CloseReason): void {
    this.#over = true
    const { outbox, lanes, journal, attention, ledger } = this.#parts
    outbox.close()
    this.#closed.next(reason)
    this.#closed.complete()
    attempt(() => this.#tell(reason))
    lanes.questions.end(reason)
    journal.complete()
    attention.complete()
    lanes.close()
    ledger.close()
  }

  #tell(reason: CloseReason): void {
    if (reason.code === 'disconnected') {
      this.#host.complete()
      return
    }
    const stats = this.#host.stats()
    this.#host.error(withoutFrames(() => new PeerError(reason, stats)))
  }
}
