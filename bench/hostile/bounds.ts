import type { Outcome, Scene } from './attack.js'
import { attacks } from './attacks.js'

/** ms in which a good peer has its pong, beside one hostile peer and beside more. */
const PONG_BESIDE_ONE = 200
const PONG_BESIDE_MANY = 500
/** Bytes above the idle level for each hostile peer. */
const HEAP = 8_000_000
/** Bytes that may stay in all when they have gone: what the runtime has learned. */
const LEFT = 6_000_000

/** Which bounds an attack has broken, for people. */
export function broken(
  { attack, count, policy }: Pick<Scene, 'attack' | 'count' | 'policy'>,
  { ours, heap, left, ends, lives, pongs }: Outcome,
): readonly string[] {
  const found: string[] = []
  const pong = count === 1 ? PONG_BESIDE_ONE : PONG_BESIDE_MANY
  if (!lives) found.push('the process or the good peer is dead')
  if (pongs === 0) found.push('no pong at all')
  if (ours > pong) found.push(`a pong after ${Math.round(ours)} ms, at most ${pong} are allowed`)
  if (heap > HEAP) found.push(`${Math.round(heap)} bytes of heap for each peer, at most ${HEAP} are allowed`)
  if (left > LEFT) found.push(`${Math.round(left)} bytes stay, at most ${LEFT} are allowed`)
  const expected = attacks[attack]?.ends?.[policy]
  if (expected !== undefined && (ends[expected] ?? 0) < count) {
    found.push(`ends ${JSON.stringify(ends)}, but ${count} times ${expected} was expected`)
  }
  return found
}
