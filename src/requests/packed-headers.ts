import { readU32 } from '../wire/bytes.js'
import { HASH_SIZE, type Hash, sha256d, sha256dAlike } from '../wire/hash.js'
import { BlockHeader, HEADER_SIZE } from '../wire/header.js'
import { MAX_HEADERS } from '../wire/limits.js'
import type { List } from '../wire/list.js'

/** Where a header's fields are: the hash of the one before, and the bits. */
const PREVIOUS = 4
const BITS = 72
const HEADER_WORDS = HEADER_SIZE / 4
const HASH_WORDS = HASH_SIZE / 4

/** The bits of header `index` of those that stand one behind the other. */
export function bitsAt(headers: Uint8Array, index: number): number {
  return readU32(headers, HEADER_SIZE * index + BITS)
}

/** What a page of headers takes. */
class Memory {
  readonly headers: Uint8Array
  readonly hashes: Uint8Array

  constructor(length: number) {
    this.headers = new Uint8Array(HEADER_SIZE * length)
    this.hashes = new Uint8Array(HASH_SIZE * length)
  }
}

/**
 * Memory of a run that is over. V8 collects garbage the more often the more memory is made outside its heap: made anew
 * for each page it takes 0.15 us a header, of 1.1.
 */
let spare: Memory | undefined

/**
 * Headers one behind the other as their bytes: a page of 2,000 of them is checked, hashed and stored without an object
 * for each, at a fifth of the time.
 */
export class PackedHeaders {
  /** 80 each, at the beginning of their buffer. */
  readonly bytes: Uint8Array
  readonly length: number
  #memory: Memory | undefined
  #hashes: Uint8Array | undefined

  private constructor(bytes: Uint8Array, memory?: Memory) {
    this.bytes = bytes
    this.length = bytes.length / HEADER_SIZE
    this.#memory = memory
  }

  /** Over bytes at the beginning of their buffer, to which nobody writes meanwhile. */
  static over(bytes: Uint8Array): PackedHeaders {
    return new PackedHeaders(bytes)
  }

  /** Copies headers, up to a page of them to memory that {@link release} gives back. */
  static of(headers: List<BlockHeader>): PackedHeaders {
    const { length } = headers
    let memory: Memory | undefined
    if (length > 1 && length <= MAX_HEADERS) {
      memory = spare ?? new Memory(MAX_HEADERS)
      spare = undefined
    }
    const size = HEADER_SIZE * length
    const bytes = memory?.headers.subarray(0, size) ?? new Uint8Array(size)
    for (let i = 0; i < length; i += 1) {
      const header = headers.at(i)
      if (header === undefined) throw new TypeError(`a list of ${length} headers has none at ${i}`)
      bytes.set(header.bytes, HEADER_SIZE * i)
    }
    return new PackedHeaders(bytes, memory)
  }

  /** To be called when the run is over: another will write to its memory. */
  release(): void {
    spare ??= this.#memory
    this.#memory = undefined
  }

  /** Their ids, 32 bytes each; computed together. */
  get hashes(): Uint8Array {
    if (this.#hashes === undefined) {
      const size = HASH_SIZE * this.length
      this.#hashes = this.#memory?.hashes.subarray(0, size) ?? new Uint8Array(size)
      sha256dAlike(HEADER_SIZE, this.bytes, 0, HEADER_SIZE, this.length, this.#hashes)
    }
    return this.#hashes
  }

  /** The id of one; the others are not computed for it. */
  hashAt(index: number): Hash {
    if (this.#hashes === undefined) return sha256d(this.#header(index))
    return this.#hashes.subarray(HASH_SIZE * index, HASH_SIZE * (index + 1))
  }

  /** A header by itself. */
  at(index: number): BlockHeader {
    return new BlockHeader(this.#header(index).slice())
  }

  /** What a header says is the hash of the one before it. */
  previousAt(index: number): Hash {
    const start = HEADER_SIZE * index + PREVIOUS
    return this.bytes.subarray(start, start + HASH_SIZE)
  }

  /** The first header that does not follow the one before it; `length` where each does. */
  brokenAt(): number {
    const headers = new Int32Array(this.bytes.buffer)
    const hashes = new Int32Array(this.hashes.buffer)
    for (let i = 1; i < this.length; i += 1) {
      const previous = HEADER_WORDS * i + PREVIOUS / 4
      const hash = HASH_WORDS * (i - 1)
      for (let word = 0; word < HASH_WORDS; word += 1) {
        if (headers[previous + word] !== hashes[hash + word]) return i
      }
    }
    return this.length
  }

  /** Those from an index on, with what is known of them. */
  from(index: number): PackedHeaders {
    if (index === 0) return this
    const rest = PackedHeaders.over(this.bytes.slice(HEADER_SIZE * index))
    rest.#hashes = this.#hashes?.slice(HASH_SIZE * index)
    return rest
  }

  /** These headers and then those. */
  followedBy({ bytes }: PackedHeaders): PackedHeaders {
    const all = new Uint8Array(this.bytes.length + bytes.length)
    all.set(this.bytes)
    all.set(bytes, this.bytes.length)
    return new PackedHeaders(all)
  }

  #header(index: number): Uint8Array {
    return this.bytes.subarray(HEADER_SIZE * index, HEADER_SIZE * (index + 1))
  }
}
