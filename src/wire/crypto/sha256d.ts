import { instantiate, swapBytes, type WithMemory } from './instance.js'
import { layout, moduleBytes } from './sha256-module.js'
import { smallSha256 } from './small-sha256.js'

/** SHA256d of one short message at a time. Nothing is allocated: a hash stays until the next one. */
export interface Sha256d {
  /** 32 bytes: the hash of the last message. */
  readonly hash: Uint8Array
  /** Hashes `length` bytes from `start` on, and their hash; up to {@link MAX_SHORT} bytes. */
  message(bytes: Uint8Array, start: number, length: number): void
  /** Hashes the hash once more. */
  again(): void
}

/** Bytes of the longest message that {@link Sha256d.message} takes: with what pads it, it fits the module's memory. */
export const MAX_SHORT = 60_000

interface Exports extends WithMemory {
  hash(address: number, blocks: number): void
  hash32(): void
}

/** Up to this many bytes, copying them one by one costs less than the view that `set` wants; measured. */
const BY_HAND = 64

/** By WebAssembly: half the time of JavaScript. */
class CompiledSha256d implements Sha256d {
  readonly hash: Uint8Array
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #exports: Exports

  constructor(exports: Exports) {
    const { buffer } = exports.memory
    this.hash = new Uint8Array(buffer, layout.state, 32)
    this.#words = new Int32Array(buffer)
    this.#bytes = new Uint8Array(buffer)
    this.#exports = exports
  }

  message(bytes: Uint8Array, start: number, length: number): void {
    const to = this.#bytes
    const words = this.#words
    const { free } = layout
    const blocks = (length + 9 + 63) >>> 6
    const end = (free >>> 2) + 16 * blocks
    const whole = length & ~3
    if (length <= BY_HAND) {
      // A word at a time, which halves the writes.
      let at = start
      for (let word = free >>> 2; word < (free + whole) >>> 2; word += 1, at += 4) {
        words[word] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      }
    }
    for (let i = (free + whole) >>> 2; i < end; i += 1) words[i] = 0
    if (length <= BY_HAND) for (let i = whole; i < length; i += 1) to[free + i] = bytes[start + i]!
    else to.set(bytes.subarray(start, start + length), free)
    to[free + length] = 0x80
    words[end - 1] = swapBytes(8 * length)
    this.#exports.hash(free, blocks)
  }

  again(): void {
    this.#exports.hash32()
  }
}

/** By JavaScript, which is there at once. */
export class PlainSha256d implements Sha256d {
  readonly hash = new Uint8Array(32)

  message(bytes: Uint8Array, start: number, length: number): void {
    smallSha256(bytes, this.hash, start, length)
    smallSha256(this.hash, this.hash)
  }

  again(): void {
    smallSha256(this.hash, this.hash)
  }
}

/** Whether both hash alike: on a big-endian host they do not. */
function agree(one: Sha256d, other: Sha256d): boolean {
  const sample = Uint8Array.from({ length: 130 }, (_, i) => i)
  const alike = (): boolean => one.hash.every((byte, i) => byte === other.hash[i])
  for (const length of [0, 3, 60, 128]) {
    for (const hash of [one, other]) hash.message(sample, 1, length)
    if (!alike()) return false
  }
  for (const hash of [one, other]) hash.again()
  return alike()
}

/** By WebAssembly; `plain` where there is none, where a page's policy forbids it, or where it hashes otherwise. */
export function makeSha256d(plain: Sha256d): Sha256d {
  try {
    const compiled = new CompiledSha256d(instantiate<Exports>(moduleBytes()))
    return agree(compiled, plain) ? compiled : plain
  } catch {
    return plain
  }
}
