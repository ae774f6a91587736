import { layout, moduleBytes, writeConstants } from './sha256x4-module.js'
import { initialState } from './small-sha256.js'

/** What the module exports. Node's and the library's types leave WebAssembly to those of the DOM. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  compress(block0: number, block1: number, block2: number, block3: number, count: number): void
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: Exports }
}

const LANES = 4
/** Each lane has room for a message and its padding. */
const AREA = (layout.size - layout.free) / LANES

/** Messages up to this many bytes fit a lane: with the 0x80 mark and the length in bits they fill its area. */
export const MAX_LANE_MESSAGE: number = AREA - 9

/** Where the messages of a batch come from. */
export interface Batch {
  readonly count: number
  /** Bytes of message `index`. */
  size(index: number): number
  /** Writes message `index` at `offset` of `target`. */
  write(index: number, target: Uint8Array, offset: number): void
}

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/** What a lane is busy with. */
interface Lane {
  /** Where its message lies in memory. */
  readonly base: number
  /** Index of its first word of state. */
  readonly state: number
  /** Where the hash of its message goes; `undefined` while the lane is idle. */
  hash: Uint8Array | undefined
  /** Address of the next block. */
  block: number
  /** Blocks left of the hash in hand. */
  left: number
  /** Whether the hash in hand is that of a hash. */
  second: boolean
}

/** Four lanes; a lane that is done takes the next message, whatever the others are at. */
export class Sha256x4 {
  readonly #compress: Exports['compress']
  readonly #bytes: Uint8Array
  readonly #words: Int32Array
  readonly #lanes: readonly [Lane, Lane, Lane, Lane]

  constructor({ memory, compress }: Exports) {
    this.#compress = compress
    this.#bytes = new Uint8Array(memory.buffer)
    this.#words = new Int32Array(memory.buffer)
    writeConstants(this.#words)
    const lane = (index: number): Lane => ({
      base: layout.free + index * AREA,
      state: layout.states / 4 + index,
      hash: undefined,
      block: layout.free,
      left: 0,
      second: false,
    })
    this.#lanes = [lane(0), lane(1), lane(2), lane(3)]
  }

  /** SHA256d of each message; those above {@link MAX_LANE_MESSAGE} bytes are given to `hashLong`. */
  sha256d(batch: Batch, hashLong: (index: number) => Uint8Array): Uint8Array[] {
    const hashes: Uint8Array[] = []
    const lanes = this.#lanes
    const [lane0, lane1, lane2, lane3] = lanes
    for (const lane of lanes) this.#load(lane, batch, hashes, hashLong)
    for (;;) {
      let step = Number.POSITIVE_INFINITY
      for (const lane of lanes) if (lane.hash !== undefined && lane.left < step) step = lane.left
      if (step === Number.POSITIVE_INFINITY) return hashes
      this.#compress(lane0.block, lane1.block, lane2.block, lane3.block, step)
      for (const lane of lanes) {
        if (lane.hash === undefined) continue
        lane.block += 64 * step
        lane.left -= step
        if (lane.left > 0) continue
        if (lane.second) {
          this.#finish(lane, lane.hash)
          this.#load(lane, batch, hashes, hashLong)
        } else this.#again(lane)
      }
    }
  }

  /** Puts the next message that fits into the lane. */
  #load(lane: Lane, batch: Batch, hashes: Uint8Array[], hashLong: (index: number) => Uint8Array): void {
    while (hashes.length < batch.count) {
      const index = hashes.length
      const size = batch.size(index)
      if (size > MAX_LANE_MESSAGE) {
        hashes.push(hashLong(index))
        continue
      }
      const words = this.#words
      const { base } = lane
      const blocks = (size + 9 + 63) >>> 6
      const end = base + 64 * blocks
      for (let at = (base + (size & ~63)) >>> 2; at < end >>> 2; at += 1) words[at] = 0
      batch.write(index, this.#bytes, base)
      this.#bytes[base + size] = 0x80
      words[(end >>> 2) - 1] = swapBytes(8 * size)
      lane.hash = new Uint8Array(32)
      hashes.push(lane.hash)
      lane.second = false
      this.#begin(lane, blocks)
      return
    }
    // An idle lane is compressed along with the others: it must not run off the end of the memory.
    lane.hash = undefined
    lane.block = layout.free
  }

  /** Makes the hash in the lane its next message. */
  #again(lane: Lane): void {
    const words = this.#words
    const base = lane.base >>> 2
    for (let i = 0; i < 8; i += 1) {
      words[base + i] = swapBytes(words[lane.state + LANES * i]!)
      words[base + 8 + i] = 0
    }
    words[base + 8] = 0x80
    words[base + 15] = swapBytes(256)
    lane.second = true
    this.#begin(lane, 1)
  }

  #begin(lane: Lane, blocks: number): void {
    lane.block = lane.base
    lane.left = blocks
    const words = this.#words
    for (let i = 0; i < 8; i += 1) words[lane.state + LANES * i] = initialState[i]!
  }

  #finish({ state }: Lane, hash: Uint8Array): void {
    const words = this.#words
    for (let i = 0; i < 8; i += 1) {
      const word = words[state + LANES * i]!
      const at = 4 * i
      hash[at] = word >>> 24
      hash[at + 1] = word >>> 16
      hash[at + 2] = word >>> 8
      hash[at + 3] = word
    }
  }
}

/** SHA256d of no bytes begins with it. */
const EMPTY_HASH_START = 0x5d

/** `undefined` without WebAssembly or its vectors, on pages whose policy forbids to compile, and on big-endian hosts. */
export function makeSha256x4(): Sha256x4 | undefined {
  try {
    const lanes = new Sha256x4(new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports)
    const [empty] = lanes.sha256d(
      { count: 1, size: () => 0, write: () => undefined },
      () => new Uint8Array(0),
    )
    return empty?.[0] === EMPTY_HASH_START ? lanes : undefined
  } catch {
    return undefined
  }
}
