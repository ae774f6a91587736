/**
 * The nonces of the version messages with which we dial, while their handshakes last (Core `CheckIncomingNonce`): whoever
 * dials us with one of them is ourselves. All peers of a process share one by default; give peers that are meant to talk
 * to each other a registry each.
 */
export interface NonceRegistry {
  /** Called when the version message of a peer that dials is made. */
  add(nonce: bigint): void
  /** Whether a nonce is one of ours; asked for the version message of each peer that has dialled us. */
  has(nonce: bigint): boolean
  /** Called when the handshake of the peer that sent the nonce is over, one way or the other. */
  delete(nonce: bigint): void
}

/** An empty registry. */
export function createNonces(): NonceRegistry {
  return new Set<bigint>()
}
