import { EMPTY, type Observable } from 'rxjs'
import type { Take } from '../../peer/channel.js'
import type { Peer } from '../../peer/peer.js'
import type { Message } from '../../wire/messages.js'
import { RequestError } from '../request-error.js'
import type { Patience } from '../request-options.js'
import { Asked } from './asked.js'
import type { Collection, Part } from './collection.js'
import { exchange, type Plan, type Run } from './exchange.js'
import { HeldBack } from './held-back.js'
import type { Need } from './offers.js'
import { Valve } from './valve.js'
import type { Window } from './window.js'

/** Collects and completes when all is emitted. For no things nothing is asked, whatever became of the peer. */
export function collect<T>(
  peer: Peer,
  patience: Patience,
  need: Need,
  collection: Collection<T>,
): Observable<T> {
  if (collection.length === 0) return EMPTY
  return exchange<T>(peer, patience, need, run => new Collector(run, collection))
}

class Collector<T> implements Plan {
  readonly #run: Run<T>
  readonly #collection: Collection<T>
  readonly #window: Window
  readonly #valve: Valve
  readonly #held: HeldBack<T | undefined>
  readonly #asked = new Asked()
  /** Places whose answer there was no room for, and which will be asked for again. */
  readonly #dropped = new Set<number>()
  /** The first place that was never asked for. */
  #fresh = 0
  /** The place whose turn it is to be emitted. */
  #turn = 0
  #emitting = false
  /** Whether it would ask for more if consumers held less. */
  #rests = false

  constructor(run: Run<T>, collection: Collection<T>) {
    this.#run = run
    this.#collection = collection
    this.#window = collection.window()
    this.#held = new HeldBack(run.channel)
    this.#valve = new Valve(run.channel, () => this.#resume())
  }

  awaited(): string {
    const missing = this.#asked.missing()
    if (missing === undefined) return 'room to ask for more, since consumers hold too much,'
    return `answer for ${this.#collection.describe(missing)}`
  }

  ask(): void {
    if (this.#asked.size === 0) this.#goOn()
    else this.#send(this.#asked.again())
  }

  take(message: Message): Take {
    const parts = this.#collection.read(message)
    if (parts === undefined) return 'passed'
    let [ours, others] = [0, 0]
    for (const part of parts) {
      if (this.#takePart(part)) ours += 1
      else others += 1
    }
    if (ours === 0) {
      if (message.command === this.#collection.wonders) this.#wonder(message)
      return 'passed'
    }
    this.#run.answered()
    this.#goOn()
    return others === 0 ? 'claimed' : 'shared'
  }

  close(): void {
    this.#valve.close()
    this.#held.clear()
  }

  /** Whether it is something that was asked for. */
  #takePart(part: Part<T>): boolean {
    const places = this.#asked.settle(part.names)
    if (places === undefined) return false
    this.#window.saw(part.bytes)
    try {
      for (const place of places) this.#takeAt(place, part)
    } catch (error) {
      this.#run.fail(error)
    }
    return true
  }

  #takeAt(place: number, part: Part<T>): void {
    if (this.#run.closed) return
    if (place === this.#turn && !this.#valve.shut && !this.#emitting) this.#emit(part.ready(place, false))
    else if (this.#held.hasRoom(part.bytes)) this.#held.put(place, part.bytes, part.ready(place, true))
    else this.#dropped.add(place)
  }

  #wonder(message: Message): void {
    const { askings } = this.#asked
    this.#run.wonder(message, () => {
      // What was asked for anew since stands behind the ping.
      const missing = this.#asked.missing(askings)
      if (missing === undefined) return
      const detail = `something else came, but not ${this.#collection.describe(missing)}`
      this.#run.fail(new RequestError('unanswered', detail))
    })
  }

  #emit(make: () => T | undefined): void {
    const value = make()
    this.#turn += 1
    if (value === undefined) return
    this.#emitting = true
    this.#valve.pass(() => this.#run.next(value))
    this.#emitting = false
  }

  #resume(): void {
    try {
      this.#goOn()
    } catch (error) {
      this.#run.fail(error)
    }
  }

  /** Emits what can be emitted, and asks for what can be asked for. */
  #goOn(): void {
    if (this.#emitting) return
    while (!this.#valve.shut && !this.#run.closed) {
      const make = this.#held.pull(this.#turn)
      if (make === undefined) break
      this.#emit(make)
    }
    // Whoever has enough must not ask for more.
    if (this.#run.closed) return
    if (this.#turn === this.#collection.length) {
      this.#run.complete()
      return
    }
    // The first question does not wait for consumers: one of them may be who asks.
    this.#rests = this.#fresh > 0 && !this.#valve.mayAsk()
    const places = this.#rests ? [] : this.#wanted()
    this.#send(this.#asked.add(places, place => this.#collection.name(place)))
    if (this.#run.closed) return
    // What our own subscriber holds is no fault of the remote's.
    if (this.#asked.size === 0) this.#run.await(this.#rests && !this.#valve.shut)
    else if (places.length > 0) this.#run.await(true)
  }

  /** The places to ask for now: half a window at a time, so that a question asks for more than one. */
  #wanted(): readonly number[] {
    // Whatever else is on its way, the one whose turn it is has to be. It needs no room: it is emitted as it comes.
    const lacking = this.#dropped.has(this.#turn) || this.#turn === this.#fresh
    const busy = this.#asked.size + this.#held.size
    if (!lacking && busy > this.#window.size / 2) return []
    if (this.#fresh > 0) this.#window.grow()
    const { size } = this.#window
    const left = this.#run.channel.requestLimit - this.#run.channel.requested()
    const room = Math.min(size - busy, this.#window.fit(left) - this.#asked.size)
    const count = Math.max(room, lacking ? 1 : 0)
    const places = [...this.#dropped].sort((a, b) => a - b).slice(0, count)
    for (const place of places) this.#dropped.delete(place)
    const end = Math.min(this.#collection.length, this.#turn + size)
    for (; places.length < count && this.#fresh < end; this.#fresh += 1) places.push(this.#fresh)
    return places
  }

  #send(places: readonly number[]): void {
    if (places.length === 0) return
    for (const message of this.#collection.questions(places)) {
      // The answer to one may come at the call, and be enough.
      if (!this.#run.closed) this.#run.channel.send(message)
    }
  }
}
