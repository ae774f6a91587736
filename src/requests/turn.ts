import { defer, EMPTY, filter, type MonoTypeOperatorFunction, merge } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Message } from '../wire/messages.js'
import { Fence } from './fence.js'

/**
 * A question whose answer cannot be told from the answers to others of its kind, and may still come when nobody waits
 * for it any more. What belongs to it lies between its own fence and that of the next one.
 */
export class Turn {
  #until: Fence | undefined

  /** The questions of each peer that were asked last, where their answers are still to come. */
  static readonly #last = new WeakMap<Peer, Turn>()

  /** Only the messages of this turn. Where another question is open, a fence goes out at the subscription. */
  messagesOf(peer: Peer): MonoTypeOperatorFunction<Message> {
    return messages$ =>
      defer(() => {
        const before = Turn.#last.get(peer)
        // Asked again, the first answer is as good as the second.
        const fence = before === undefined || before === this ? undefined : Fence.for(peer)
        let isOurs = fence === undefined
        if (before !== this && before !== undefined) before.#until = fence
        Turn.#last.set(peer, this)
        const ours$ = messages$.pipe(
          filter(message => {
            if (fence?.isPassedBy(message)) isOurs = true
            else if (this.#until?.isPassedBy(message)) isOurs = false
            else return isOurs
            return false
          }),
        )
        // Behind the subscription: the pong may come at the call.
        const raise$ = defer(() => {
          fence?.raise()
          return EMPTY
        })
        return merge(ours$, raise$)
      })
  }

  /** The answer has come. */
  end(peer: Peer): void {
    if (Turn.#last.get(peer) === this) Turn.#last.delete(peer)
  }
}
