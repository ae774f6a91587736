import { asapScheduler, Observable, type SchedulerLike, type Subscriber, Subscription } from 'rxjs'
import { type Connection, type Endpoint, TransportError } from '../stream/connection.js'
import { callbackFailed } from './callback.js'
import { Coalescer, MAX_BATCH } from './coalesce.js'

/** How many bytes wait at the receiving end before writing stalls. */
export const DEFAULT_MEMORY_CAPACITY = 65_536

/** What {@link memoryPair} is made of. */
export interface MemoryOptions {
  /** Runs every delivery, with delay 0. Default `asapScheduler`; give a TestScheduler for virtual time. */
  readonly scheduler?: SchedulerLike
  /**
   * Bytes that may wait, undelivered, at an end: while so many or more do, nothing further is taken from the other end
   * and its `written` callbacks wait. At most 262,144 bytes are taken at a time, so that no more than both together
   * wait. Default 65,536.
   */
  readonly capacity?: number
  /** Where the two ends claim to be. Default: two addresses kept for documentation (RFC 5737). */
  readonly endpoints?: readonly [Endpoint, Endpoint]
}

/**
 * Two connections, each the other's remote, without a network. What one end writes arrives at the other through the
 * scheduler, with delay 0 and in order, the writes of one tick as one chunk (of 262,144 bytes at most): within virtual
 * time bytes arrive at the time they were written. Bytes are copied when they leave, so chunks belong to the receiver;
 * until then (`written`) the writer must not change them, as with a socket.
 *
 * `abort` reaches the other end as `connection-reset` and drops what waits there. There is nothing to free by force, so
 * `close` lingers without a limit: what a paused remote does not take waits in memory.
 * @throws TypeError where `capacity` is not a positive number, at the call
 */
export function memoryPair(options: MemoryOptions = {}): [Connection, Connection] {
  const { scheduler = asapScheduler, capacity = DEFAULT_MEMORY_CAPACITY } = options
  const { endpoints = DEFAULT_ENDPOINTS } = options
  if (!(capacity > 0)) throw new TypeError(`capacity must be a positive number of bytes, not ${capacity}`)
  const [here, there] = endpoints
  const near = new MemoryConnection(scheduler, capacity, here, there)
  return [near, near.other]
}

const DEFAULT_ENDPOINTS: readonly [Endpoint, Endpoint] = [
  { host: '192.0.2.1', port: 50_001 },
  { host: '192.0.2.2', port: 8_333 },
]

class MemoryConnection implements Connection {
  readonly bytes$: Observable<Uint8Array> = new Observable(subscriber => this.#subscribed(subscriber))
  readonly proxied = false
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly #scheduler: SchedulerLike
  readonly #capacity: number
  readonly #other: MemoryConnection

  readonly #outgoing = new Coalescer(MAX_BATCH)
  #flush: Subscription | undefined
  #finSent = false

  /** Chunks that wait, the newest last. */
  #incoming: Uint8Array[] = []
  /** Chunks whose turn comes before those, the oldest last: `pop` is cheap however many wait, and `shift` is not. */
  #next: Uint8Array[] = []
  /** Bytes in both. */
  #waiting = 0
  #drain: Subscription | undefined
  #subscriber: Subscriber<Uint8Array> | undefined
  #taken = false
  #paused = false
  /** How the remote ended the connection. */
  #ending: 'fin' | TransportError | undefined
  /** Whether we did. */
  #closed = false
  /** Whether nothing can be written any more, either way. */
  #broken = false

  /** @param other - the other end; left out, it is made */
  constructor(
    scheduler: SchedulerLike,
    capacity: number,
    local: Endpoint,
    remote: Endpoint,
    other?: MemoryConnection,
  ) {
    this.#scheduler = scheduler
    this.#capacity = capacity
    this.local = local
    this.remote = remote
    this.#other = other ?? new MemoryConnection(scheduler, capacity, remote, local, this)
  }

  get other(): Connection {
    return this.#other
  }

  write(bytes: Uint8Array, written?: () => void): void {
    if (this.#closed || this.#broken) return
    this.#outgoing.add(bytes, written)
    this.#scheduleFlush()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#scheduleDrain()
  }

  close(): void {
    if (this.#closed) return
    this.#stopDelivery()
    if (!this.#broken) this.#scheduleFlush()
  }

  abort(): void {
    this.#stopDelivery()
    if (this.#broken) return
    this.#break()
    this.#resetOther()
  }

  #resetOther(): void {
    this.#scheduler.schedule(() => this.#other.#fail(new TransportError('connection-reset')))
  }

  /** Breaks and tells of it, at once and before anything that waits. */
  #fail(error: TransportError): void {
    if (this.#broken) return
    this.#break()
    this.#dropIncoming()
    this.#ending = error
    this.#deliver()
  }

  #break(): void {
    this.#broken = true
    this.#outgoing.clear()
    this.#flush?.unsubscribe()
  }

  #dropIncoming(): void {
    this.#incoming = []
    this.#next = []
    this.#waiting = 0
  }

  #stopDelivery(): void {
    this.#closed = true
    this.#subscriber = undefined
    this.#dropIncoming()
    this.#drain?.unsubscribe()
    this.#other.#roomMade()
  }

  #subscribed(subscriber: Subscriber<Uint8Array>): void {
    if (this.#taken) {
      subscriber.error(
        new TypeError('bytes$ has one subscriber, and has had it; share() it where more are wanted'),
      )
      return
    }
    this.#taken = true
    if (this.#closed) return
    this.#subscriber = subscriber
    subscriber.add(() => {
      if (this.#subscriber === subscriber) this.#subscriber = undefined
    })
    this.#scheduleDrain()
  }

  #scheduleFlush(): void {
    if (this.#flush !== undefined) return
    this.#flush = new Subscription(() => {
      this.#flush = undefined
    })
    this.#flush.add(this.#scheduler.schedule(() => this.#flushNow()))
  }

  #flushNow(): void {
    this.#flush?.unsubscribe()
    const other = this.#other
    if (!other.#hasRoom) return // it calls #roomMade
    const { buffers, written } = this.#outgoing.take()
    for (const bytes of buffers) other.#receive(bytes)
    this.#report(written)
    // A `written` callback may have written more before it closed.
    if (this.#closed && !this.#broken && !this.#finSent && this.#outgoing.empty) {
      this.#finSent = true
      other.#receiveFin()
    }
    other.#deliver()
  }

  #report(written: readonly (() => void)[]): void {
    for (const done of written) {
      if (this.#broken) return
      try {
        done()
      } catch (error) {
        this.#fail(callbackFailed('written', error))
        this.#resetOther()
      }
    }
  }

  get #hasRoom(): boolean {
    return this.#waiting < this.#capacity
  }

  /** The other end can take more. */
  #roomMade(): void {
    if (!this.#outgoing.empty || (this.#closed && !this.#finSent && !this.#broken)) this.#scheduleFlush()
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return
    this.#incoming.push(bytes.slice())
    this.#waiting += bytes.length
  }

  #receiveFin(): void {
    this.#ending ??= 'fin'
  }

  #scheduleDrain(): void {
    if (this.#drain !== undefined || this.#closed) return
    this.#drain = new Subscription(() => {
      this.#drain = undefined
    })
    this.#drain.add(this.#scheduler.schedule(() => this.#drainNow()))
  }

  #drainNow(): void {
    this.#drain?.unsubscribe()
    this.#deliver()
  }

  #deliver(): void {
    while (this.#subscriber !== undefined && !this.#paused) {
      const chunk = this.#shift()
      if (chunk === undefined) break
      this.#waiting -= chunk.length
      this.#subscriber.next(chunk)
    }
    if (this.#waiting === 0 && this.#ending !== undefined) {
      if (this.#ending === 'fin') this.#subscriber?.complete()
      else this.#subscriber?.error(this.#ending)
    }
    if (this.#hasRoom) this.#other.#roomMade()
  }

  #shift(): Uint8Array | undefined {
    if (this.#next.length === 0) {
      this.#next = this.#incoming.reverse()
      this.#incoming = []
    }
    return this.#next.pop()
  }
}
