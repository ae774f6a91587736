import { type Observer, Subscription } from 'rxjs'
import type { Connection } from '../stream/connection.js'
import type { Environment } from '../stream/environment.js'
import type { Ledger } from '../stream/ledger.js'
import type { Broken, Inbound, Link, StreamEnd } from '../stream/link.js'
import { attempt } from './attempt.js'
import type { Attention } from './attention.js'
import type { Pace } from './pace.js'

/** What an intake needs of its peer. */
export interface IntakeHost {
  take(event: Inbound | Broken): void
  ended(end: StreamEnd): void
  /** Behind each message, and behind the last one. */
  handled(): void
  /** Something that should not throw has thrown. */
  failed(cause: unknown): void
  /** The transport has. */
  broken(cause: unknown): void
}

/** ms between two looks whether a connection that is not read is still there. */
const PROBE = 1_000
const NO_BYTES = new Uint8Array(0)

/**
 * Brings what comes in to its peer, one message at a time and in order, also when handling one brings more in. It cuts
 * a message when the one before is done; and it reads no further while reading has to wait, or others want their turn.
 */
export class Intake implements Observer<Uint8Array> {
  readonly #connection: Connection
  readonly #link: Link
  readonly #ledger: Ledger
  readonly #attention: Attention
  readonly #environment: Pick<Environment, 'scheduler'>
  readonly #host: IntakeHost
  readonly #pace: Pace
  #subscription: Subscription | undefined
  #end: StreamEnd | undefined
  #running = false
  #waiting = false
  #resting = false
  #stopped = false
  #probing = Subscription.EMPTY

  constructor(
    {
      connection,
      link,
      ledger,
      attention,
      pace,
    }: {
      readonly connection: Connection
      readonly link: Link
      readonly ledger: Ledger
      readonly attention: Attention
      readonly pace: Pace
    },
    environment: Pick<Environment, 'scheduler'>,
    host: IntakeHost,
  ) {
    this.#connection = connection
    this.#link = link
    this.#ledger = ledger
    this.#attention = attention
    this.#environment = environment
    this.#host = host
    this.#pace = pace
  }

  /** Whether a message is in hand. */
  get running(): boolean {
    return this.#running
  }

  start(): void {
    this.#connection.into?.(() => this.#room())
    const subscription = this.#connection.bytes$.subscribe(this)
    this.#subscription = subscription
    // What has come at the call may have been the end of it.
    if (this.#stopped) subscription.unsubscribe()
  }

  /** For the transport, which has no other listener. */
  next(chunk: Uint8Array): void {
    if (this.#stopped) return
    this.#try(() => this.#link.push(chunk))
    // A transport may still bring what was on its way when it was paused.
    this.#ledger.set('frame', this.#link.waiting)
    this.#run()
  }

  error(error: unknown): void {
    this.#endWith({ kind: 'failed', error })
  }

  complete(): void {
    this.#endWith({ kind: 'eof' })
  }

  /** Reads on, or does not: what waits, waits in the transport, and nobody is blamed for silence meanwhile. */
  wait(waiting: boolean): void {
    if (this.#waiting === waiting || this.#stopped) return
    this.#waiting = waiting
    if (waiting) {
      this.#attention.pause()
      this.#try(() => this.#connection.pause())
      if (this.#stopped) return
      this.#probe()
      this.#finish()
      return
    }
    this.#try(() => this.#probing.unsubscribe())
    this.#attention.resume()
    if (!this.#resting) this.#try(() => this.#connection.resume())
    this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#ledger.set('frame', 0)
    attempt(() => this.#probing.unsubscribe())
    attempt(() => this.#subscription?.unsubscribe())
  }

  /** Where the transport may read to; it is charged before it is filled. */
  #room(): Uint8Array | undefined {
    if (this.#stopped) return undefined
    const room = this.#link.room()
    if (room !== undefined) this.#ledger.set('frame', this.#link.waiting)
    return room
  }

  /** A transport may be anybody's: what it throws ends this peer, and must not reach whoever lets it go on. */
  #try(work: () => void): void {
    try {
      work()
    } catch (cause) {
      this.#host.broken(cause)
    }
  }

  /** A transport that is not read says nothing of a reset; writing nothing to it does. */
  #probe(): void {
    this.#probing.unsubscribe()
    this.#probing = this.#environment.scheduler.schedule(() => {
      this.#probe()
      this.#connection.write(NO_BYTES)
    }, PROBE)
  }

  #endWith(end: StreamEnd): void {
    if (this.#stopped) return
    this.#end = end
    this.#run()
    this.#finish()
  }

  #run(): void {
    if (this.#running || this.#waiting || this.#resting || this.#stopped) return
    this.#running = true
    let more = true
    let handled = false
    try {
      this.#attention.begin(this.#pace.begin())
      more = !this.#pace.spent
      while (more && !this.#waiting && !this.#stopped) {
        const event = this.#link.next()
        if (event === undefined) break
        this.#host.take(event)
        this.#attention.handled(this.#pace.step(event.kind === 'received' ? event.size : 0))
        this.#host.handled()
        handled = true
        more = !this.#pace.spent
      }
    } catch (cause) {
      this.#host.failed(cause)
    }
    const now = this.#pace.end()
    // The clock is not read behind each message: the last one may have taken long.
    if (handled) this.#attention.handled(now)
    this.#attention.end()
    this.#running = false
    this.#host.handled()
    if (this.#stopped) return
    this.#ledger.set('frame', this.#link.waiting)
    if (!more) this.#rest()
    this.#finish()
  }

  /** Lets others have their turn. */
  #rest(): void {
    this.#resting = true
    this.#try(() => this.#connection.pause())
    this.#pace.later(() => {
      this.#resting = false
      if (this.#stopped) return
      if (!this.#waiting) this.#try(() => this.#connection.resume())
      this.#run()
    })
  }

  /**
   * Tells of the end, where it is its turn: an orderly one is behind all that came before, and so is a failure, but where
   * reading has to wait. Nobody knows how long that is, and whoever waits for an answer has to know that none will come.
   */
  #finish(): void {
    const end = this.#end
    if (end === undefined || this.#stopped || this.#running) return
    if (this.#waiting ? end.kind !== 'failed' : this.#resting) return
    const fault = end.kind === 'eof' ? this.#link.end() : undefined
    this.#host.ended(fault === undefined ? end : { kind: 'truncated', error: fault })
  }
}
