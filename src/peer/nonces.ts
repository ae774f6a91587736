/**
 * The nonces of our version messages that are out there. A remote whose version carries one of them is ourselves.
 * All peers of a process share one by default; give peers that are meant to talk to each other a registry each.
 */
export interface NonceRegistry {
  /** Called when a version message is made. */
  add(nonce: bigint): void
  /** Whether a nonce is one of ours; asked for that of each version message that comes in. */
  has(nonce: bigint): boolean
  /** Called when the peer that sent the nonce has ended. */
  delete(nonce: bigint): void
}

/** An empty registry. */
export function createNonces(): NonceRegistry {
  return new Set<bigint>()
}
