import { instantiate, type WithMemory } from './instance.js'
import { layout, moduleBytes, writeTables } from './sha256x4-module.js'
import { smallSha256 } from './small-sha256.js'

interface Exports extends WithMemory {
  /** Messages of 64 bytes: the first one, bytes from one to the next, where the hashes go, how many times four. */
  hash64(source: number, stride: number, target: number, fours: number): void
  /** Messages of 80 bytes, the same. */
  hash80(source: number, stride: number, target: number, fours: number): void
  /** Four messages, the bytes of each, and where the hashes go. */
  hash4(...messagesSizesTarget: Nine): void
}
type Nine = [number, number, number, number, number, number, number, number, number]

/** Where the messages of a batch come from. */
export interface Batch {
  readonly count: number
  /** Bytes of message `index`. */
  size(index: number): number
  /** Writes message `index` at `offset` of `target`. */
  write(index: number, target: Uint8Array, offset: number): void
}

const LANES = 4
const HASH = 32
/** So many messages of any length are sorted and hashed at once. */
const MOST = 1_024
const HASHES = layout.free
const MESSAGES = HASHES + HASH * MOST
/** Beyond the last message more is read, and ignored. */
const SLACK = 1_024

/** Bytes for messages; the longest that can be hashed. */
export const ROOM: number = layout.pages * 65_536 - MESSAGES - SLACK

const blocksOf = (size: number): number => (size + 9 + 63) >>> 6

/**
 * SHA256d in the four lanes of vectors. Messages are copied to the module's memory many at a time, since a call and a
 * view cost as much as a block.
 */
export class Sha256x4 {
  readonly #exports: Exports
  readonly #bytes: Uint8Array
  readonly #words: Int32Array
  /** The messages in hand: where they are in the memory, their bytes, and for whom they are hashed. */
  readonly #starts = new Int32Array(MOST)
  readonly #sizes = new Int32Array(MOST)
  readonly #names = new Int32Array(MOST)
  #count = 0
  #end = MESSAGES
  /** The messages in hand by the number of their blocks, so that four in a row have about as many. */
  readonly #order = new Int32Array(MOST)
  /** How many messages have so many blocks, and then where those begin in the order. */
  readonly #places = new Int32Array(blocksOf(ROOM) + 2)

  constructor(exports: Exports) {
    this.#exports = exports
    this.#bytes = new Uint8Array(exports.memory.buffer)
    this.#words = new Int32Array(exports.memory.buffer)
    writeTables(exports.memory.buffer)
  }

  /** The hashes of a batch, one behind the other; messages above `longest` bytes, at most {@link ROOM}, are left out. */
  batch(batch: Batch, longest: number, hashes: Int32Array): void {
    this.#clear()
    for (let index = 0; index < batch.count; index += 1) {
      const size = batch.size(index)
      if (size > longest) continue
      if (!this.#fits(size)) this.#flush(hashes)
      batch.write(index, this.#bytes, this.#end)
      this.#add(this.#end, size, index)
      this.#end += size
    }
    this.#flush(hashes)
  }

  /**
   * The first word of the hash of each of the messages from `from` to `to`, which lie in `bytes` in order and take at
   * most {@link ROOM} bytes with what is between them.
   */
  firstWords(
    bytes: Uint8Array,
    starts: Int32Array,
    lengths: Int32Array,
    from: number,
    to: number,
    out: Int32Array,
  ): void {
    const start = starts[from]!
    this.#clear()
    this.#bytes.set(bytes.subarray(start, starts[to - 1]! + lengths[to - 1]!), MESSAGES)
    const words = this.#words
    for (let index = from; index < to; ) {
      const end = Math.min(to, index + MOST)
      for (; index < end; index += 1) this.#add(MESSAGES + starts[index]! - start, lengths[index]!, index)
      this.#hash()
      for (let i = 0; i < this.#count; i += 1) {
        out[this.#names[this.#order[i]!]!] = words[(HASHES + HASH * i) >>> 2]!
      }
      this.#clear()
    }
  }

  /**
   * The hashes of `count` messages of one size, `stride` bytes from one to the next, of which the first is at `start`.
   * They may be written over the messages.
   */
  alike(
    size: 64 | 80,
    bytes: Uint8Array,
    start: number,
    stride: number,
    count: number,
    hashes: Uint8Array,
  ): void {
    const most = Math.floor(ROOM / stride)
    for (let from = 0; from < count; from += most) {
      const some = Math.min(most, count - from)
      const at = start + from * stride
      const fours = Math.ceil(some / LANES)
      this.#bytes.set(bytes.subarray(at, at + (some - 1) * stride + size), MESSAGES)
      // Here too over the messages: a hash is shorter, and four are read before theirs are written.
      if (size === 64) this.#exports.hash64(MESSAGES, stride, MESSAGES, fours)
      else this.#exports.hash80(MESSAGES, stride, MESSAGES, fours)
      hashes.set(this.#bytes.subarray(MESSAGES, MESSAGES + HASH * some), HASH * from)
    }
  }

  #clear(): void {
    this.#count = 0
    this.#end = MESSAGES
  }

  #fits(size: number): boolean {
    return this.#count < MOST && this.#end + size <= MESSAGES + ROOM
  }

  #add(start: number, size: number, name: number): void {
    const index = this.#count
    this.#starts[index] = start
    this.#sizes[index] = size
    this.#names[index] = name
    this.#count = index + 1
  }

  /** Hashes what is in hand, and copies the hashes to where they belong. */
  #flush(hashes: Int32Array): void {
    this.#hash()
    const words = this.#words
    for (let i = 0; i < this.#count; i += 1) {
      const from = (HASHES + HASH * i) >>> 2
      const to = this.#names[this.#order[i]!]! * (HASH >>> 2)
      for (let word = 0; word < HASH >>> 2; word += 1) hashes[to + word] = words[from + word]!
    }
    this.#clear()
  }

  /** Hashes what is in hand, in order of the blocks. */
  #hash(): void {
    const count = this.#count
    this.#sort()
    const [starts, sizes, order] = [this.#starts, this.#sizes, this.#order]
    for (let i = 0; i < count; i += LANES) {
      const a = order[i]!
      // Lanes that are left over hash the first one's message too.
      const b = i + 1 < count ? order[i + 1]! : a
      const c = i + 2 < count ? order[i + 2]! : a
      const d = i + 3 < count ? order[i + 3]! : a
      this.#exports.hash4(
        starts[a]!,
        starts[b]!,
        starts[c]!,
        starts[d]!,
        sizes[a]!,
        sizes[b]!,
        sizes[c]!,
        sizes[d]!,
        HASHES + HASH * i,
      )
    }
  }

  /** A sort by counting: the keys are small. */
  #sort(): void {
    const [sizes, order, places] = [this.#sizes, this.#order, this.#places]
    let most = 0
    for (let i = 0; i < this.#count; i += 1) {
      const blocks = blocksOf(sizes[i]!)
      places[blocks + 1]! += 1
      if (blocks > most) most = blocks
    }
    for (let blocks = 1; blocks <= most; blocks += 1) places[blocks + 1]! += places[blocks]!
    for (let i = 0; i < this.#count; i += 1) {
      const blocks = blocksOf(sizes[i]!)
      order[places[blocks]!] = i
      places[blocks]! += 1
    }
    places.fill(0, 0, most + 2)
  }
}

/** Whether the lanes hash as the plain way does: on a big-endian host they do not. */
function hashesWell(lanes: Sha256x4): boolean {
  const sample = Uint8Array.from({ length: 400 }, (_, i) => i)
  const expected = new Uint8Array(HASH)
  const isRight = (start: number, length: number, hash: Uint8Array): boolean => {
    smallSha256(sample, expected, start, length)
    smallSha256(expected, expected)
    return expected.every((byte, i) => byte === hash[i])
  }
  const hashes = new Uint8Array(5 * HASH)
  const hashAt = (i: number): Uint8Array => hashes.subarray(HASH * i, HASH * (i + 1))
  const five = [0, 1, 2, 3, 4]
  for (const size of [64, 80] as const) {
    lanes.alike(size, sample, 0, size, 5, hashes)
    if (!five.every(i => isRight(size * i, size, hashAt(i)))) return false
  }
  const length = (i: number): number => 57 * i
  const write = (i: number, target: Uint8Array, offset: number): void =>
    target.set(sample.subarray(i, i + length(i)), offset)
  lanes.batch({ count: 5, size: length, write }, ROOM, new Int32Array(hashes.buffer))
  return five.every(i => isRight(i, length(i), hashAt(i)))
}

/** `undefined` without WebAssembly or its vectors, on pages whose policy forbids to compile, and on big-endian hosts. */
export function makeSha256x4(): Sha256x4 | undefined {
  try {
    const lanes = new Sha256x4(instantiate<Exports>(moduleBytes()))
    return hashesWell(lanes) ? lanes : undefined
  } catch {
    return undefined
  }
}
