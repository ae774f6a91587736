import type { Channel, Question, Take } from '../../peer/channel.js'
import { channelOf } from '../../peer/face.js'
import type { Peer } from '../../peer/peer.js'
import { randomNonce } from '../../stream/environment.js'
import type { Message } from '../../wire/messages.js'
import { protocolVersions } from '../../wire/versions.js'

/** A ping whose pong is still to come. */
interface Fence {
  readonly nonce: bigint
  /** Who wants to know when it is passed. */
  readonly waiting: Set<() => void>
}

/** Pings whose pongs nobody waits for any more, but which are kept from users when they come. */
const MAX_FORGOTTEN = 16

/**
 * The pings that requests send behind their questions. A node answers in order, so that when the pong comes it has
 * handled all that was sent before the ping, and an answer that is not there by then will not come.
 */
export class Fences implements Question {
  static readonly #all = new WeakMap<Channel, Fences>()

  /** Those of a peer; `undefined` where the remote has no pong (BIP31). */
  static of(peer: Peer): Fences | undefined {
    if (peer.protocolVersion <= protocolVersions.bip31) return undefined
    const channel = channelOf(peer)
    const fences = Fences.#all.get(channel) ?? new Fences(channel)
    Fences.#all.set(channel, fences)
    return fences
  }

  readonly #channel: Channel
  readonly #behind = new WeakMap<Message, Fence>()
  /** In the order in which they were sent. */
  #standing: Fence[] = []
  #release: (() => void) | undefined

  private constructor(channel: Channel) {
    this.#channel = channel
  }

  /**
   * Sends a ping, and calls `passed` at its pong, which may come at the call.
   * @returns forgets the caller
   */
  raise(passed: () => void): () => void {
    const fence = this.#stand(passed)
    this.#channel.send({ command: 'ping', nonce: fence.nonce })
    return () => this.#forget(fence, passed)
  }

  /**
   * The same behind a message that answers nobody's question, with one ping for all who wonder about it. To be called
   * while the message is being delivered, so that the pong cannot come at the call.
   */
  behind(message: Message, passed: () => void): () => void {
    const known = this.#behind.get(message)
    if (known === undefined) {
      const fence = this.#stand(passed)
      this.#behind.set(message, fence)
      this.#channel.send({ command: 'ping', nonce: fence.nonce })
      return () => this.#forget(fence, passed)
    }
    known.waiting.add(passed)
    return () => this.#forget(known, passed)
  }

  take(message: Message): Take {
    if (message.command !== 'pong') return 'passed'
    const place = this.#standing.findIndex(({ nonce }) => nonce === message.nonce)
    if (place < 0) return 'passed'
    // Those before it are passed as well, whatever became of their pongs.
    const passed = this.#standing.splice(0, place + 1)
    this.#rest()
    for (const { waiting } of passed) for (const tell of [...waiting]) if (waiting.delete(tell)) tell()
    return 'claimed'
  }

  ended(): void {
    this.#standing = []
    this.#rest()
  }

  #stand(passed: () => void): Fence {
    const fence: Fence = { nonce: randomNonce(this.#channel.random), waiting: new Set([passed]) }
    this.#standing.push(fence)
    this.#release ??= this.#channel.ask(this)
    return fence
  }

  #forget({ waiting }: Fence, passed: () => void): void {
    waiting.delete(passed)
    const forgotten = this.#standing.filter(fence => fence.waiting.size === 0)
    if (forgotten.length <= MAX_FORGOTTEN) return
    const [oldest] = forgotten
    this.#standing = this.#standing.filter(fence => fence !== oldest)
  }

  #rest(): void {
    if (this.#standing.length > 0) return
    this.#release?.()
    this.#release = undefined
  }
}
