/**
 * The nonces of our version messages that are out there. A remote whose version carries one of them is ourselves.
 * All peers of a process share one by default; give peers that are meant to talk to each other a registry each.
 */
export interface NonceRegistry {
  add(nonce: bigint): void
  has(nonce: bigint): boolean
  delete(nonce: bigint): void
}

/** An empty registry. */
export function createNonces(): NonceRegistry {
  return new Set<bigint>()
}
