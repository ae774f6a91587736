import { asyncScheduler, Observable, type SchedulerLike, type Subscriber, Subscription } from 'rxjs'
import type { Connection, Endpoint } from '../stream/connection.js'
import type { Random } from '../stream/environment.js'
import { Lane, type LaneEnd, type Trouble } from './chaos-lane.js'
import { seededRandom } from './seeded-random.js'

/** What goes wrong on a connection; see {@link chaos}. */
export interface ChaosOptions {
  /** What happens to the bytes that we receive. Default: nothing. */
  readonly inbound?: Trouble | undefined
  /** What happens to the bytes that we write. Default: nothing. */
  readonly outbound?: Trouble | undefined
  /** Runs every delay. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined
  /** Decides what is left to chance. Default `seededRandom(1)`, the same each time. */
  readonly random?: Random | undefined
}

/**
 * A connection that goes wrong, in either direction: bytes come late, in other pieces, spoiled, slowly, or not at all.
 * Order is kept, and everything else that connections promise: `pause` stops delivery, `written` tells when the last
 * byte of a write has left, `close` writes what is on its way first, `abort` drops it. A remote that takes nothing keeps
 * a closed connection with trouble waiting: `abort` it.
 * @example
 * const bad = chaos(connection, { inbound: { split: splitEvery(1), delay: 100 }, outbound: { cut: { after: 500 } } })
 * @example connect(dial.pipe(map(connection => chaos(connection, { inbound: { throttle: 1_000 } }))))
 * @throws RangeError for trouble that makes no sense, at the call
 */
export function chaos(connection: Connection, options: ChaosOptions = {}): Connection {
  return new ChaosConnection(connection, options)
}

/** Bytes that may be on their way in a direction before no more are taken. */
const MAX_ON_THE_WAY = 1_048_576

class ChaosConnection implements Connection {
  readonly bytes$: Observable<Uint8Array> = new Observable(subscriber => this.#subscribed(subscriber))
  readonly #inner: Connection
  readonly #inbound: Lane
  readonly #outbound: Lane
  readonly #receiving = new Subscription()
  #subscriber: Subscriber<Uint8Array> | undefined
  #taken = false
  #paused = false
  /** Whether the inner connection waits because too much is on its way. */
  #full = false
  #closed = false
  /** How the connection was cut, until somebody is there to be told. */
  #ending: LaneEnd | undefined

  constructor(inner: Connection, options: ChaosOptions) {
    const { inbound = {}, outbound = {}, scheduler = asyncScheduler, random = seededRandom(1) } = options
    this.#inner = inner
    this.#inbound = new Lane(inbound, scheduler, random, {
      deliver: (bytes, done) => {
        if (bytes.length > 0) this.#subscriber?.next(bytes)
        done()
      },
      end: end => this.#end(end),
      cut: end => this.#cut(end),
      waiting: () => this.#makeRoom(),
    })
    this.#outbound = new Lane(outbound, scheduler, random, {
      deliver: (bytes, done) => inner.write(bytes, done),
      end: () => inner.close(),
      cut: end => this.#cut(end),
      waiting: () => {},
    })
  }

  get local(): Endpoint | undefined {
    return this.#inner.local
  }

  get remote(): Endpoint | undefined {
    return this.#inner.remote
  }

  get proxied(): boolean {
    return this.#inner.proxied
  }

  write(bytes: Uint8Array, written?: () => void): void {
    if (this.#closed) return
    if (this.#outbound.idle) this.#inner.write(bytes, written)
    else this.#outbound.push(bytes, written)
  }

  pause(): void {
    this.#paused = true
    this.#inbound.hold()
    this.#inner.pause()
  }

  resume(): void {
    this.#paused = false
    this.#inbound.release()
    if (!this.#full) this.#inner.resume()
  }

  close(): void {
    if (this.#closed) return
    this.#stopReceiving()
    if (this.#outbound.idle) this.#inner.close()
    else this.#outbound.finish('end')
  }

  abort(): void {
    this.#stopReceiving()
    this.#outbound.clear()
    this.#inner.abort()
  }

  #subscribed(subscriber: Subscriber<Uint8Array>): void {
    if (this.#taken) {
      subscriber.error(
        new TypeError('bytes$ has one subscriber, and has had it; share() it where more are wanted'),
      )
      return
    }
    this.#taken = true
    if (this.#ending !== undefined) {
      tell(subscriber, this.#ending)
      return
    }
    if (this.#closed) return
    this.#subscriber = subscriber
    subscriber.add(() => {
      this.#subscriber = undefined
      this.#inbound.clear()
      this.#receiving.unsubscribe()
    })
    this.#receiving.add(
      this.#inner.bytes$.subscribe({
        next: bytes => this.#inbound.push(bytes),
        error: (error: unknown) => this.#inbound.finish({ error }),
        complete: () => this.#inbound.finish('end'),
      }),
    )
  }

  #makeRoom(): void {
    const full = this.#inbound.size >= MAX_ON_THE_WAY
    if (full === this.#full) return
    this.#full = full
    if (full) this.#inner.pause()
    else if (!this.#paused) this.#inner.resume()
  }

  #stopReceiving(): void {
    this.#closed = true
    this.#subscriber = undefined
    this.#inbound.clear()
    this.#receiving.unsubscribe()
  }

  #end(end: LaneEnd): void {
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    if (subscriber !== undefined) tell(subscriber, end)
  }

  /** Both ends lose each other. */
  #cut(end: LaneEnd): void {
    const subscriber = this.#subscriber
    const live = !this.#closed
    this.#stopReceiving()
    this.#outbound.clear()
    if (end === 'end') this.#inner.close()
    else this.#inner.abort()
    if (subscriber !== undefined) tell(subscriber, end)
    else if (live && !this.#taken) this.#ending = end
  }
}

function tell(subscriber: Subscriber<Uint8Array>, end: LaneEnd): void {
  if (end === 'end') subscriber.complete()
  else subscriber.error(end.error)
}
