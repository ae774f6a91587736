/**
 * MurmurHash3, the 32-bit variant for x86: the hash of bloom filters (BIP37).
 * @param seed - 32 bits; higher ones are ignored
 * @returns unsigned 32 bits
 */
export function murmur3(seed: number, data: Uint8Array): number {
  const { length } = data
  const whole = length & ~3
  let h = seed | 0
  for (let i = 0; i < whole; i += 4) {
    h ^= scramble(data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24))
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe654_6b64) | 0
  }
  let tail = 0
  for (let i = length - 1; i >= whole; i -= 1) tail = (tail << 8) | data[i]!
  h ^= scramble(tail) ^ length
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e_2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b87_3593)
}
