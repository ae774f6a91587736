import type { SchedulerLike } from 'rxjs'

/** Where time comes from. Both in ms; replaced by virtual time in tests. */
export interface Clock {
  /** A clock that never jumps, for durations. */
  monotonic(): number
  /** Wall time, ms since 1970. */
  epoch(): number
}

/** Where chance comes from: nonces, shuffles, delays. */
export interface Random {
  /** `size` random bytes. */
  bytes(size: number): Uint8Array
}

/** Everything outside of the program that a peer depends on. */
export interface Environment {
  /** Runs every timer. */
  readonly scheduler: SchedulerLike
  readonly clock: Clock
  readonly random: Random
}

/** 64 random bits, never 0: a nonce of 0 means "none" to old nodes. */
export function randomNonce(random: Random): bigint {
  const bytes = random.bytes(8)
  const nonce = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
  return nonce === 0n ? 1n : nonce
}
