import type { Random } from '../stream/environment.js'
import { Writer } from '../wire/cursor.js'
import { sha256 } from '../wire/hash.js'

/**
 * Random bytes that follow from a seed: the same seed gives the same bytes on every machine, whatever the sizes in
 * which they are asked for. For tests only: whoever knows the seed knows the bytes.
 * @param seed - an integer, of which 64 bits count
 * @throws RangeError for a number that is no integer
 * @example connect(dial, { random: seededRandom(1) })
 */
export function seededRandom(seed: number | bigint): Random {
  const key = BigInt.asUintN(64, BigInt(seed))
  let counter = 0n
  let pool: Uint8Array = new Uint8Array(0)
  const refill = () => {
    const writer = new Writer()
    writer.u64(key)
    writer.u64(counter)
    counter += 1n
    pool = sha256(writer.finish())
  }
  return {
    bytes: size => {
      const out = new Uint8Array(size)
      for (let filled = 0; filled < size; ) {
        if (pool.length === 0) refill()
        const part = pool.subarray(0, size - filled)
        out.set(part, filled)
        pool = pool.subarray(part.length)
        filled += part.length
      }
      return out
    },
  }
}
