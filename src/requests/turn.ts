import { defer, EMPTY, filter, type MonoTypeOperatorFunction, merge } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Message } from '../wire/messages.js'
import { Fence } from './fence.js'
import { RequestError } from './request-error.js'

/**
 * A question whose answer cannot be told from the answers to others of its kind, and may still come when nobody waits
 * for it any more. What belongs to it lies between its own fence and that of the next one.
 */
export class Turn {
  /** The questions of each peer that were asked last, where their answers are still to come. */
  static readonly #last = new WeakMap<Peer, Turn>()

  readonly #peer: Peer
  #asked = 0
  /** Where its messages begin; `undefined` where nothing else was open. */
  #fence: Fence | undefined
  /** Where they end. */
  #until: Fence | undefined
  #isOpen = false

  constructor(peer: Peer) {
    this.#peer = peer
  }

  /**
   * Only the messages of this turn. Where another question is open, a fence goes out at the subscription. Errors with
   * `unanswered` when the next question's fence is passed. To be subscribed anew for each asking.
   */
  messages(): MonoTypeOperatorFunction<Message> {
    return messages$ =>
      defer(() => {
        const fence = this.#begin()
        const ours$ = messages$.pipe(filter(message => this.#isOurs(message)))
        // Behind the subscription: the pong may come at the call.
        const raise$ = defer(() => {
          fence?.raise()
          return EMPTY
        })
        return merge(ours$, raise$)
      })
  }

  /** The answer has come. */
  end(): void {
    // Asked twice, there is another one to come.
    if (this.#asked === 1 && Turn.#last.get(this.#peer) === this) Turn.#last.delete(this.#peer)
  }

  /** The fence that is to be raised before the question. */
  #begin(): Fence | undefined {
    const before = Turn.#last.get(this.#peer)
    this.#asked += 1
    // Asked again, the first answer is as good as the second.
    if (before === this) return undefined
    this.#fence = before && Fence.for(this.#peer)
    this.#isOpen = this.#fence === undefined
    this.#until = undefined
    if (before !== undefined) before.#until = this.#fence
    Turn.#last.set(this.#peer, this)
    return this.#fence
  }

  #isOurs(message: Message): boolean {
    if (this.#fence?.isPassedBy(message)) {
      this.#isOpen = true
      return false
    }
    if (this.#until?.isPassedBy(message)) {
      throw new RequestError('unanswered', 'the remote has answered what was asked behind it')
    }
    return this.#isOpen
  }
}
