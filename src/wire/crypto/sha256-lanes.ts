import type { CryptoBackend } from './backend.js'
import { instantiate, type WithMemory } from './instance.js'
import { layout, moduleBytes, writeTables } from './sha256-lanes-module.js'
import { smallSha256 } from './small-sha256.js'

interface Exports extends WithMemory {
  /** SHA-256 of messages of 32 bytes: the first one, bytes from one to the next, where the hashes go, how many times five. */
  hash32: InFives
  /** SHA256d of messages of 64 bytes, */
  hash64: InFives
  /** and of 80. */
  hash80: InFives
  /** SHA256d of five messages: where they are, the bytes of each, and where the hashes go. */
  hash5(...messagesSizesTarget: [...Five, ...Five, number]): void
}
type InFives = (source: number, stride: number, target: number, fives: number) => void
type Five = [number, number, number, number, number]

/** What hashes long messages, and from how many bytes on it had better. */
export interface ForLong {
  readonly from: number
  readonly sha256Into: CryptoBackend['sha256Into']
}

const LANES = 5
const HASH = 32
/** So many messages are sorted and hashed at once. */
const MOST = 1_020
const HASHES = layout.free
/** Hashes of long messages that are to be hashed again. */
const ONCE = HASHES + HASH * MOST

/** Where messages begin in the memory. */
export const MESSAGES: number = ONCE + HASH * MOST
/** Beyond the last message up to four more are read, and ignored. */
const SLACK = 1_024
/** Bytes for messages; the longest that can be hashed. */
export const ROOM: number = layout.pages * 65_536 - MESSAGES - SLACK

const blocksOf = (size: number): number => (size + 9 + 63) >>> 6

/**
 * SHA256d in five lanes. Whoever has messages copies them to {@link memory}, many at a time, since a call
 * and a view cost as much as a block; says where each is, with {@link add}; and has all of them hashed with
 * {@link flush}.
 */
export class Sha256Lanes {
  /** The module's memory, of which {@link ROOM} bytes from {@link MESSAGES} on are for messages. */
  readonly memory: Uint8Array
  readonly #exports: Exports
  readonly #words: Int32Array
  readonly #long: ForLong
  /** The messages in hand: where they are in the memory, their bytes, and for whom they are hashed. */
  readonly #starts = new Int32Array(MOST)
  readonly #sizes = new Int32Array(MOST)
  readonly #names = new Int32Array(MOST)
  #count = 0
  /** For whom hashes are hashed again. */
  readonly #onceNames = new Int32Array(MOST)
  #onceCount = 0
  /** The messages in hand by the number of their blocks, so that five in a row have about as many. */
  readonly #order = new Int32Array(MOST)
  /** How many messages have so many blocks, and then where those begin in the order. */
  readonly #places = new Int32Array(blocksOf(ROOM) + 2)

  constructor(exports: Exports, long: ForLong) {
    const { buffer } = exports.memory
    this.#exports = exports
    this.#long = long
    this.memory = new Uint8Array(buffer)
    this.#words = new Int32Array(buffer)
    writeTables(buffer)
  }

  /** Whether {@link flush} is due. */
  get full(): boolean {
    return this.#count === MOST || this.#onceCount === MOST
  }

  /** Forgets what is in hand. */
  clear(): void {
    this.#count = 0
    this.#onceCount = 0
  }

  /** A message that stands in the memory, and stays there until {@link flush}. */
  add(start: number, size: number, name: number): void {
    if (size >= this.#long.from) {
      const index = this.#onceCount
      this.#long.sha256Into(
        new Uint8Array(this.#exports.memory.buffer, start, size),
        this.memory,
        ONCE + HASH * index,
      )
      this.#onceNames[index] = name
      this.#onceCount = index + 1
      return
    }
    const index = this.#count
    this.#starts[index] = start
    this.#sizes[index] = size
    this.#names[index] = name
    this.#count = index + 1
  }

  /** Hashes what is in hand, and writes the first words of each hash, in memory order, to `width` times its name. */
  flush(out: Int32Array, width: 1 | 8): void {
    const [order, names] = [this.#order, this.#names]
    this.#hash()
    for (let i = 0; i < this.#count; i += 1) this.#copy(HASHES + HASH * i, out, width, names[order[i]!]!)
    if (this.#onceCount > 0) this.#exports.hash32(ONCE, HASH, ONCE, Math.ceil(this.#onceCount / LANES))
    for (let i = 0; i < this.#onceCount; i += 1) {
      this.#copy(ONCE + HASH * i, out, width, this.#onceNames[i]!)
    }
    this.clear()
  }

  /**
   * SHA256d of `count` messages of one size, `stride` bytes from one to the next (up to 200), of which the first is at
   * `start`.
   * The hashes may be written over the messages.
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
      const fives = Math.ceil(some / LANES)
      this.memory.set(bytes.subarray(at, at + (some - 1) * stride + size), MESSAGES)
      // Here too over the messages: a hash is shorter, and five are read before theirs are written.
      if (size === 64) this.#exports.hash64(MESSAGES, stride, MESSAGES, fives)
      else this.#exports.hash80(MESSAGES, stride, MESSAGES, fives)
      hashes.set(this.memory.subarray(MESSAGES, MESSAGES + HASH * some), HASH * from)
    }
  }

  #copy(hash: number, out: Int32Array, width: number, name: number): void {
    const words = this.#words
    const to = width * name
    for (let i = 0; i < width; i += 1) out[to + i] = words[(hash >>> 2) + i]!
  }

  /** Hashes the short messages in hand, in order of their blocks. */
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
      const e = i + 4 < count ? order[i + 4]! : a
      this.#exports.hash5(
        starts[a]!,
        starts[b]!,
        starts[c]!,
        starts[d]!,
        starts[e]!,
        sizes[a]!,
        sizes[b]!,
        sizes[c]!,
        sizes[d]!,
        sizes[e]!,
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
function hashesWell(lanes: Sha256Lanes): boolean {
  // One of the vectors, that of the numbers, and one more than there are lanes are looked at: in JavaScript that has just
  // begun each hash takes as long as compiling the module.
  const some = [0, 4, 5]
  const count = 6
  const sample = Uint8Array.from({ length: 80 * count }, (_, i) => i)
  const hashes = new Uint8Array(HASH * count)
  const expected = new Uint8Array(HASH)
  const isRight = (i: number, start: number, length: number): boolean => {
    smallSha256(sample, expected, start, length)
    smallSha256(expected, expected)
    return expected.every((byte, at) => byte === hashes[HASH * i + at])
  }
  for (const size of [64, 80] as const) {
    lanes.alike(size, sample, 0, size, count, hashes)
    if (!some.every(i => isRight(i, size * i, size))) return false
  }
  // The last one is long enough to be handed on where that is done.
  const sizeOf = (i: number): number => (i === 5 ? 400 : 23 * i)
  lanes.memory.set(sample, MESSAGES)
  for (let i = 0; i < count; i += 1) lanes.add(MESSAGES + i, sizeOf(i), i)
  lanes.flush(new Int32Array(hashes.buffer), 8)
  return some.every(i => isRight(i, i, sizeOf(i)))
}

/** `undefined` without WebAssembly or its vectors, on pages whose policy forbids to compile, and on big-endian hosts. */
export function makeSha256Lanes(long: ForLong): Sha256Lanes | undefined {
  try {
    const lanes = new Sha256Lanes(instantiate<Exports>(moduleBytes()), long)
    return hashesWell(lanes) ? lanes : undefined
  } catch {
    return undefined
  }
}
