import { type Channel, Share } from '../../peer/channel.js'

/**
 * Lets a request rest while consumers hold more than their mark. While its own subscriber is one of those who hold, it
 * emits nothing more either, and waits as long as that takes; others' holds only keep it from asking for more, since the
 * handler that holds may be waiting for this very answer.
 */
export class Valve {
  readonly #channel: Channel
  readonly #resume: () => void
  /** What our own subscriber holds of what it had. */
  readonly #share: Share
  #cancel: (() => void) | undefined
  #closed = false

  /** @param resume - called when consumers hold less again, and when our own subscriber holds nothing more */
  constructor(channel: Channel, resume: () => void) {
    this.#channel = channel
    this.#resume = resume
    this.#share = new Share(() => {
      // Whoever else holds may wait for us.
      if (channel.congested && !this.#closed) resume()
    })
  }

  /** Whether the subscriber has had more than it can hold: nothing may be emitted now. */
  get shut(): boolean {
    return this.#share.held && this.#channel.congested
  }

  /** Emits by `emit`, and sees what is held of that. */
  pass(emit: () => void): void {
    // `consume` holds what it is given at the call.
    this.#channel.feed(this.#share, emit)
    if (this.#channel.congested) this.#wait()
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
    if (this.#closed) return
    this.#cancel ??= this.#channel.whenClear(() => {
      this.#cancel = undefined
      this.#resume()
    })
  }
}
