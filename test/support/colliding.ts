/** The number that an odd factor has to be multiplied by, modulo 2^32, to make 1. */
function inverseOf(factor: number): number {
  let inverse = factor
  // Each round doubles the low bits that are right; an odd number is its own inverse in the lowest three.
  for (let bits = 3; bits < 32; bits *= 2) inverse = Math.imul(inverse, 2 - Math.imul(factor, inverse))
  return inverse
}

/** What `value ^ (value >>> shift)` was made of. */
function unfold(folded: number, shift: number): number {
  let value = folded
  for (let known = shift; known < 32; known += shift) value = folded ^ (value >>> shift)
  return value
}

/** Thomas Wang's hash of 32 bits, by which V8's tables know small integers, backwards: it has no seed. */
function integerOfHash(hash: number): number {
  let value = Math.imul(unfold(hash, 16), inverseOf(2_057))
  value = Math.imul(unfold(value, 4), inverseOf(5))
  return Math.imul(unfold(value, 12) + 1, inverseOf(0x7fff)) >>> 0
}

/**
 * Up to 65,000 numbers of 31 bits that all fall into one bucket of a `Map` or `Set` of V8 with up to 65,536 entries:
 * what a remote sends to make each look-up walk through all those before it.
 */
export function collidingNumbers(count: number): number[] {
  const numbers: number[] = []
  for (let i = 0; numbers.length < count && i < 0x2_0000; i += 1) {
    const number = integerOfHash(i << 15)
    if (number < 0x8000_0000) numbers.push(number)
  }
  if (numbers.length < count) throw new RangeError(`there are only ${numbers.length}`)
  return numbers
}

/** At least one: clocks of browsers are coarse, and what is faster is fast enough. */
function millisecondsOf(run: () => unknown): number {
  const start = performance.now()
  run()
  return Math.max(1, performance.now() - start)
}

/**
 * How many times as long one thing takes as another: each at its best of five turns, so that what else the machine
 * does matters little. A thing that takes a second is slow enough to be told after one.
 */
export function timesAsLong(run: () => unknown, other: () => unknown): number {
  let [best, bestOther] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let turn = 0; turn < 5; turn += 1) {
    bestOther = Math.min(bestOther, millisecondsOf(other))
    best = Math.min(best, millisecondsOf(run))
    if (best > 1_000) break
  }
  return best / bestOther
}
