import type { Environment } from '../stream/environment.js'
import type { Hash } from '../wire/hash.js'
import type { Message } from '../wire/messages.js'
import type { Network } from '../wire/network.js'
import type { Question } from './questions.js'
import type { Share } from './share.js'

export type { Question, Take } from './questions.js'
export { Share } from './share.js'

/** What requests need of a peer, and users do not: reached by `channelOf`, without being on `Peer`. */
export interface Channel extends Environment {
  readonly network: Network
  /**
   * Opens a question until the returned function is called. Where the peer has ended, the question is told at the call.
   */
  ask(question: Question): () => void
  /**
   * Sends; `stall` leaves the answer alone. After the end nothing happens.
   * @throws WireError for a message that cannot be encoded
   */
  send(message: Message): void
  /** Charges what a request holds back, bytes, until the returned function is called. */
  charge(bytes: number): () => void
  /** Bytes that all requests of the peer may hold back together. */
  readonly requestLimit: number
  /** Bytes that they hold back now. */
  requested(): number
  /** Whether handlers hold so much that nothing more should be asked for. */
  readonly congested: boolean
  /** Gives subscribers something: what they hold at the call is held of this share. */
  feed(share: Share, give: () => void): void
  /** Calls back once, when that is over; the returned function takes it back. */
  whenClear(go: () => void): () => void
  /** Notes the height of the remote's best block; only rises. */
  updateLastBlock(height: number): void
  /** Notes the block that the remote announced last. */
  updateLastAnnouncedBlock(hash: Hash): void
}
