import { randomNonce } from '../stream/environment.js'
import type { Reading } from '../stream/link.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Message } from '../wire/messages.js'
import type { Judgement } from './handshake.js'
import { ownVersionMessage } from './own-version-message.js'
import type { Parts } from './parts.js'

/** Our words of the handshake, and our look at the remote's. */
export class Opening {
  readonly #parts: Parts
  /** Of our version message, while the handshake lasts. */
  #nonce: bigint | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Sends our version message, which is made now and not before.
   * @throws whatever `newestBlock`, the dice and the registry of nonces throw
   */
  greet(reading: Reading): void {
    const { options, connection, direction } = this.#parts
    const nonce = randomNonce(options.random)
    const message = ownVersionMessage(options, connection, nonce)
    // Only who dials can meet itself, and only while it shakes hands: a nonce that is known for longer, or by listeners,
    // would tell strangers which of them are one program (Core `CheckIncomingNonce`).
    if (direction === 'outbound') {
      this.#nonce = nonce
      options.nonces.add(nonce)
    }
    this.send(message, reading)
  }

  /** @throws whatever `acceptVersion` and the registry of nonces throw */
  judge(version: VersionMessage): Judgement {
    const { journal, options } = this.#parts
    if (this.#isOwn(version.nonce)) return { isOwn: true, rejection: undefined }
    journal.heardVersion(version)
    return { isOwn: false, rejection: options.acceptVersion(version) }
  }

  /**
   * Who was dialled may be met by any of our diallers. Who dials meets only an echo of itself: to compare with others
   * would tell strangers that both are one program (Core looks at inbound peers alone).
   */
  #isOwn(nonce: bigint): boolean {
    const { direction, options } = this.#parts
    return direction === 'inbound' ? options.nonces.has(nonce) : nonce === this.#nonce
  }

  send(message: Message, { protocolVersion }: Reading): void {
    this.#parts.outbox.post(message, { account: 'send', protocolVersion, opening: true })
  }

  /** The handshake is over, one way or the other. */
  forget(): void {
    if (this.#nonce !== undefined) this.#parts.options.nonces.delete(this.#nonce)
    this.#nonce = undefined
  }
}
