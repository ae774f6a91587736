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
  /** Tells the time. */
  readonly clock: Clock
  /** Rolls the dice. */
  readonly random: Random
}

/** 64 random bits, never 0: a nonce of 0 means "none" to old nodes. */
export function randomNonce(random: Random): bigint {
  const bytes = random.bytes(8)
  const nonce = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
  return nonce === 0n ? 1n : nonce
}

/** A random number from 0 up to, and without, 1. */
export function randomUnit(random: Random): number {
  const bytes = random.bytes(4)
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 0x1_0000_0000
}

/** A random integer from 0 up to, and without, `limit`, which is at most 2^32; every one is as likely. */
export function randomBelow(random: Random, limit: number): number {
  // Draws beyond the last whole multiple of the limit would favour small numbers.
  const fair = 0x1_0000_0000 - (0x1_0000_0000 % limit)
  for (;;) {
    const drawn = randomUnit(random) * 0x1_0000_0000
    if (drawn < fair) return drawn % limit
  }
}

/** ms that a timer can wait: JavaScript's fire at once when they are given more. */
export const MAX_DELAY = 2_147_483_647
