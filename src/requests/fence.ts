import { defer, EMPTY, mergeMap, type Observable, type OperatorFunction, of } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { randomNonce } from '../stream/environment.js'
import { isOfCommand } from '../stream/of-command.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import { protocolVersions } from '../wire/versions.js'
import { RequestError } from './request-error.js'

/**
 * A ping behind a question. A node answers in order, so that when the pong comes it has handled all that was sent
 * before the ping, and an answer that is not there by then will not come.
 */
export class Fence {
  readonly #peer: Peer
  readonly #nonce: bigint

  private constructor(peer: Peer) {
    this.#peer = peer
    this.#nonce = randomNonce(channelOf(peer).random)
  }

  /** `undefined` where the remote has no pong (BIP31). */
  static for(peer: Peer): Fence | undefined {
    return peer.protocolVersion > protocolVersions.bip31 ? new Fence(peer) : undefined
  }

  /**
   * Raises one behind a message that answers nobody's question, the same for all who wonder about it. To be called while
   * the peer delivers the message, so that the pong cannot come at the call.
   */
  static behind(peer: Peer, message: Message): Fence | undefined {
    const raised = Fence.#raised.get(message)
    if (raised !== undefined) return raised
    const fence = Fence.for(peer)
    if (fence !== undefined) {
      Fence.#raised.set(message, fence)
      fence.raise()
    }
    return fence
  }

  static readonly #raised = new WeakMap<Message, Fence>()

  /** Sends the ping. Apart from the making, since the pong may come at the call. */
  raise(): void {
    this.#peer.send({ command: 'ping', nonce: this.#nonce })
  }

  /** Whether this is the pong. */
  isPassedBy(message: Message): boolean {
    return message.command === 'pong' && message.nonce === this.#nonce
  }
}

/**
 * The messages of a command that answer. Others of it may be an announcement, or the answer to somebody else: whether
 * they were meant for us shows at a fence behind the first of them. Errors with `unanswered` where they were: no answer
 * will come any more, be it for a lie or for something that the remote does not have and is silent about.
 */
export function answersOf<C extends Command>(
  peer: Peer,
  command: C,
  fits: (message: MessageOf<C>) => boolean,
): OperatorFunction<Message, MessageOf<C>> {
  return messages$ =>
    defer(() => {
      let fence: Fence | undefined
      return messages$.pipe(
        mergeMap((message): Observable<MessageOf<C>> => {
          if (fence?.isPassedBy(message)) {
            throw new RequestError('unanswered', `${command} came, but none that answer the question`)
          }
          if (!isOfCommand(command, message)) return EMPTY
          if (fits(message)) return of(message)
          fence ??= Fence.behind(peer, message)
          return EMPTY
        }),
      )
    })
}
