import type { Channel } from '../../peer/channel.js'

/**
 * Lets a request rest while consumers hold more than their mark. Where its own subscriber is who holds, it emits
 * nothing more either, and waits as long as that takes; others' holds only keep it from asking for more, since the
 * handler that holds may be waiting for this very answer.
 */
export class Valve {
  readonly #channel: Channel
  readonly #resume: () => void
  #fed = false
  #cancel: (() => void) | undefined
  #closed = false

  /** @param resume - called when consumers hold less again */
  constructor(channel: Channel, resume: () => void) {
    this.#channel = channel
    this.#resume = resume
  }

  /** Whether the subscriber has had more than it can hold: nothing may be emitted now. */
  get shut(): boolean {
    return this.#fed
  }

  /** Emits by `emit`, and sees whether that was more than consumers may hold. */
  pass(emit: () => void): void {
    const before = this.#channel.congested
    emit()
    // `consume` holds what it is given at the call.
    if (before || !this.#channel.congested || this.#closed) return
    this.#fed = true
    this.#wait()
  }

  /** Whether more may be asked for; where not, `resume` will be called. */
  mayAsk(): boolean {
    if (!this.#channel.congested) return true
    this.#wait()
    return false
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #wait(): void {
    this.#cancel ??= this.#channel.whenClear(() => {
      this.#cancel = undefined
      this.#fed = false
      this.#resume()
    })
  }
}
