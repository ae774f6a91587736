import type { Observable } from 'rxjs'
import type { Clock } from '../stream/environment.js'
import { LateSubject } from './late-subject.js'

/**
 * The time in which a peer pays attention to its remote. Habits measure by it, so that a remote is never blamed for
 * what waited on our side: while nothing is read it stands still.
 */
export class Attention {
  readonly #clock: Clock
  readonly #resumed = new LateSubject<void>()
  #pausedSince: number | undefined
  #pausedTotal = 0
  #handlingSince: number | undefined
  #handlingTotal = 0
  #lastHandled: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastHandled = this.now()
  }

  /** Emits each time reading goes on. Completes with `complete`. */
  get resumed$(): Observable<void> {
    return this.#resumed.stream$
  }

  get paused(): boolean {
    return this.#pausedSince !== undefined
  }

  /** ms of attention up to now. */
  now(): number {
    return this.#at(this.#clock.monotonic())
  }

  /** ms spent in handlers up to now. */
  handling(): number {
    const running = this.#handlingSince === undefined ? 0 : this.#clock.monotonic() - this.#handlingSince
    return this.#handlingTotal + running
  }

  /** `now()` at the end of the last handling, or at `start`. */
  lastHandled(): number {
    return this.#lastHandled
  }

  pause(): void {
    this.#pausedSince ??= this.#clock.monotonic()
  }

  resume(): void {
    if (this.#pausedSince === undefined) return
    this.#pausedTotal += this.#clock.monotonic() - this.#pausedSince
    this.#pausedSince = undefined
    this.#resumed.next()
  }

  /**
   * The handling of messages begins.
   * @param now - `monotonic()`, which the caller has at hand
   */
  begin(now: number): void {
    this.#handlingSince = now
  }

  /** One of them is handled, and others may follow. */
  handled(now: number): void {
    this.#handlingTotal += now - (this.#handlingSince ?? now)
    this.#handlingSince = now
    this.#lastHandled = this.#at(now)
  }

  /** No other follows. */
  end(): void {
    this.#handlingSince = undefined
  }

  /** Starts counting here, at the end of the handshake: what waits for the first message waits from now on. */
  start(): void {
    this.#lastHandled = this.now()
  }

  complete(): void {
    this.#resumed.complete()
  }

  #at(now: number): number {
    return (this.#pausedSince ?? now) - this.#pausedTotal
  }
}
