import { type SchedulerLike, Subscription } from 'rxjs'
import { TransportError } from '../stream/connection.js'
import { type Random, randomUnit } from '../stream/environment.js'
import { type Chunker, mergeChunks } from './chunkers.js'
import { Queue } from './queue.js'

/** What happens to the bytes of one direction, in this order. Left out, it does not happen. */
export interface Trouble {
  /**
   * Bytes at these offsets, whole numbers counted from the beginning of the connection, or with this probability each,
   * are inverted.
   */
  readonly corrupt?: { readonly at: readonly number[] } | { readonly probability: number } | undefined
  /**
   * The connection ends when so many bytes have passed, for both ends: by a reset, or as if both had closed it. 0 ends it
   * with the first byte, which does not pass. Default of `by`: reset.
   */
  readonly cut?: { readonly after: number; readonly by?: 'reset' | 'end' | undefined } | undefined
  /** ms for which chunks are gathered, from the first on, to arrive as one. */
  readonly merge?: number | undefined
  /**
   * Cuts what arrives into chunks; see `splitEvery`. Written chunks leave one by one, each when the transport has taken
   * the one before it; a network may put them together again.
   */
  readonly split?: Chunker | undefined
  /** Bytes a second. A chunk arrives when its last byte does, so give a `split` for a slow drip. */
  readonly throttle?: number | undefined
  /** ms that everything takes, or the shortest and the longest of them, by dice. Order is kept. */
  readonly delay?: number | readonly [number, number] | undefined
}

/** How a direction ends. */
export type LaneEnd = 'end' | { readonly error: unknown }

/** What a lane does to the world. */
export interface LaneEvents {
  /** Hands bytes on; `done` is to be called when they are taken. */
  deliver(bytes: Uint8Array, done: () => void): void
  /** The direction ends in order: everything was delivered. */
  end(end: LaneEnd): void
  /** The trouble is that the connection ends. */
  cut(end: LaneEnd): void
  /** What waits has changed. */
  waiting(): void
}

interface Item {
  readonly bytes: Uint8Array
  readonly written: readonly (() => void)[]
  readonly due: number
  readonly then: (() => void) | undefined
}

interface Gathered {
  readonly chunks: Uint8Array[]
  readonly written: (() => void)[]
}

const empty = new Uint8Array(0)

function check(name: string, value: number, least: number): void {
  if (!(value >= least && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name} must be a number from ${least} on, not ${value}`)
  }
}

/** What trouble can be asked for, but for delays. */
function checkTrouble({ corrupt, cut, merge, throttle }: Trouble): void {
  if (cut !== undefined) check('cut.after', cut.after, 0)
  if (merge !== undefined) check('merge', merge, 0)
  if (throttle !== undefined && !(throttle > 0 && throttle < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`throttle must be a number above 0, not ${throttle}`)
  }
  if (corrupt === undefined) return
  if ('at' in corrupt) {
    for (const offset of corrupt.at) {
      if (!(Number.isInteger(offset) && offset >= 0))
        throw new RangeError(`corrupt.at must be whole numbers from 0 on, and ${offset} is not`)
    }
  } else if (!(corrupt.probability >= 0 && corrupt.probability <= 1)) {
    throw new RangeError(`a probability is from 0 to 1, not ${corrupt.probability}`)
  }
}

function delays(delay: Trouble['delay']): readonly [number, number] {
  const [shortest, longest] = typeof delay === 'number' ? [delay, delay] : (delay ?? [0, 0])
  check('delay', shortest, 0)
  check('delay', longest, shortest)
  return [shortest, longest]
}

/** One direction of a troubled connection: bytes in, and what is left of them out, in order and when they are due. */
export class Lane {
  readonly #trouble: Trouble
  readonly #delay: readonly [number, number]
  readonly #scheduler: SchedulerLike
  readonly #random: Random
  readonly #events: LaneEvents
  /** Whether there is no trouble at all. */
  readonly idle: boolean
  #queue = new Queue<Item>()
  #size = 0
  #gathered: Gathered | undefined
  #timers = new Subscription()
  /** Bytes that came so far. */
  #came = 0
  #nextSpoiled: number
  /** When the line has carried the bytes before. */
  #lineFree = 0
  #held = false
  #delivering = false
  #timer: Subscription | undefined
  /** Nothing comes any more. */
  #over = false
  /** Nor does what came before. */
  #cleared = false

  constructor(trouble: Trouble, scheduler: SchedulerLike, random: Random, events: LaneEvents) {
    checkTrouble(trouble)
    this.#trouble = trouble
    this.#delay = delays(trouble.delay)
    this.#scheduler = scheduler
    this.#random = random
    this.#events = events
    this.idle = Object.values(trouble).every(value => value === undefined)
    this.#nextSpoiled = this.#drawSpoiled(-1)
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size
  }

  /** Takes bytes; they must not change until `written` is called. */
  push(bytes: Uint8Array, written?: () => void): void {
    if (this.#over) return
    const { cut, merge } = this.#trouble
    const spoiled = this.#spoil(bytes)
    this.#came += bytes.length
    if (cut !== undefined && this.#came >= cut.after && bytes.length > 0) {
      this.#over = true
      const passing = spoiled.subarray(0, Math.max(0, bytes.length - (this.#came - cut.after)))
      this.#gather(passing, passing.length === bytes.length ? written : undefined)
      const end: LaneEnd = cut.by === 'end' ? 'end' : { error: new TransportError('connection-reset') }
      this.#flush()
      this.#enqueue(empty, [], () => this.#events.cut(end))
      return
    }
    this.#gather(spoiled, written)
    if (merge === undefined) this.#flush()
    else if (this.#gathered?.chunks.length === 1) {
      this.#timers.add(this.#scheduler.schedule(() => this.#flush(), merge))
    }
  }

  /** The end, behind everything that waits; an error overtakes what waits, as a reset does. */
  finish(end: LaneEnd): void {
    if (this.#over) return
    this.#over = true
    this.#flush()
    if (end === 'end') this.#enqueue(empty, [], () => this.#events.end(end))
    else {
      this.#timers.add(
        this.#after(this.#drawDelay(), () => {
          this.clear()
          this.#events.end(end)
        }),
      )
    }
  }

  /** Delivers nothing until `release`. */
  hold(): void {
    this.#held = true
  }

  /** Undoes `hold`. */
  release(): void {
    this.#held = false
    if (this.#queue.first !== undefined) this.#wait(0)
  }

  /** Drops everything, for good. */
  clear(): void {
    this.#over = true
    this.#cleared = true
    this.#queue = new Queue()
    this.#size = 0
    this.#gathered = undefined
    this.#timers.unsubscribe()
    this.#timers = new Subscription()
    this.#timer = undefined
  }

  /** The offset of the next byte that dice spoil. */
  #drawSpoiled(last: number): number {
    const { corrupt } = this.#trouble
    if (corrupt === undefined || !('probability' in corrupt) || corrupt.probability === 0)
      return Number.POSITIVE_INFINITY
    if (corrupt.probability === 1) return last + 1
    // How many bytes pass between two spoiled ones is a geometric distribution.
    return last + 1 + Math.floor(Math.log(1 - randomUnit(this.#random)) / Math.log(1 - corrupt.probability))
  }

  #spoil(bytes: Uint8Array): Uint8Array {
    const { corrupt } = this.#trouble
    if (corrupt === undefined) return bytes
    const spoiled = bytes.slice()
    const invert = (offset: number) => {
      const byte = spoiled[offset - this.#came]
      if (byte !== undefined) spoiled[offset - this.#came] = byte ^ 0xff
    }
    if ('at' in corrupt) corrupt.at.forEach(invert)
    else {
      while (this.#nextSpoiled < this.#came + bytes.length) {
        invert(this.#nextSpoiled)
        this.#nextSpoiled = this.#drawSpoiled(this.#nextSpoiled)
      }
    }
    return spoiled
  }

  #gather(bytes: Uint8Array, written: (() => void) | undefined): void {
    this.#gathered ??= { chunks: [], written: [] }
    this.#gathered.chunks.push(bytes)
    if (written !== undefined) this.#gathered.written.push(written)
    this.#resize(bytes.length)
  }

  #flush(): void {
    const gathered = this.#gathered
    if (gathered === undefined) return
    this.#gathered = undefined
    const { chunks, written } = gathered
    const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : mergeChunks(chunks)
    const pieces = this.#trouble.split?.(bytes) ?? [bytes]
    if (pieces.length === 0) pieces.push(empty)
    for (const [i, piece] of pieces.entries()) {
      this.#enqueue(piece, i === pieces.length - 1 ? written : [], undefined)
    }
  }

  #enqueue(bytes: Uint8Array, written: readonly (() => void)[], then: (() => void) | undefined): void {
    // The first piece may lead to the end, and then the others must not wait for a time that never comes.
    if (this.#cleared) return
    const now = this.#scheduler.now()
    const { throttle } = this.#trouble
    if (throttle !== undefined) {
      this.#lineFree = Math.max(this.#lineFree, now) + (bytes.length * 1000) / throttle
    }
    const due = Math.ceil(Math.max(this.#lineFree, now) + this.#drawDelay())
    this.#queue.push({ bytes, written, due, then })
    this.#pump()
  }

  /** ms that what comes now takes. */
  #drawDelay(): number {
    const [shortest, longest] = this.#delay
    if (longest === shortest) return shortest
    return shortest + Math.floor(randomUnit(this.#random) * (longest - shortest + 1))
  }

  #resize(by: number): void {
    this.#size += by
    this.#events.waiting()
  }

  #after(delay: number, run: () => void): Subscription {
    if (delay > 0) return this.#scheduler.schedule(run, delay)
    run()
    return Subscription.EMPTY
  }

  #wait(delay: number): void {
    if (this.#timer !== undefined) return
    this.#timer = this.#scheduler.schedule(() => {
      this.#timer = undefined
      this.#pump()
    }, delay)
    this.#timers.add(this.#timer)
  }

  /** Delivers what is due, one after the other: the next when the one before is taken. */
  #pump(): void {
    if (this.#delivering) return
    for (;;) {
      const item = this.#queue.first
      if (item === undefined || this.#held) return
      const early = item.due - this.#scheduler.now()
      if (early > 0) {
        this.#wait(early)
        return
      }
      this.#queue.shift()
      if (item.then !== undefined) {
        item.then()
        return
      }
      if (!this.#deliver(item)) return
    }
  }

  /** Whether the bytes were taken at once. */
  #deliver({ bytes, written }: Item): boolean {
    const queue = this.#queue
    this.#delivering = true
    let atOnce = true
    let taken = false
    this.#events.deliver(bytes, () => {
      taken = true
      this.#delivering = false
      // Dropped meanwhile, perhaps by a callback: nobody may hear of it any more.
      const dropped = () => queue !== this.#queue
      if (dropped()) return
      this.#resize(-bytes.length)
      for (const done of written) if (!dropped()) done()
      if (!atOnce) this.#pump()
    })
    atOnce = false
    return taken
  }
}
