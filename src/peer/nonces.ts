/**
 * The nonces of our version messages on the connections that we have dialled and that still shake hands. A remote whose
 * version carries one of them is ourselves. All peers of a process share one by default; give peers that are meant to
 * talk to each other a registry each.
 */
export interface NonceRegistry {
  /** Called when the version message of a dialled connection is made. */
  add(nonce: bigint): void
  /** Whether a nonce is one of ours; asked for that of each version message that comes in. */
  has(nonce: bigint): boolean
  /** Called when the handshake of that connection is over, one way or the other. */
  delete(nonce: bigint): void
}

/** An empty registry. */
export function createNonces(): NonceRegistry {
  return new Set<bigint>()
}
