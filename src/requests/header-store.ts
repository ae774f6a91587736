import { readU32 } from '../wire/bytes.js'
import { HASH_SIZE, type Hash } from '../wire/hash.js'
import { BlockHeader, HEADER_SIZE } from '../wire/header.js'
import { Difficulty } from './difficulty.js'
import { PackedHeaders } from './packed-headers.js'

/** Headers of one page: growing copies nothing, and a short chain takes little. */
const PAGE_LENGTH = 1_024
/** Where the hashes of a page start: headers and hashes each stand together, so that runs of them are copied at once. */
const HASHES = PAGE_LENGTH * HEADER_SIZE

interface Page {
  readonly bytes: Uint8Array
  /** Work of all headers before this page. */
  readonly work: bigint
}

/**
 * Headers by height, and heights by hash, at some 125 bytes a header: mainnet has close to a million of them. Objects
 * are made when they are asked for.
 */
export class HeaderStore {
  readonly #difficulty: Difficulty
  readonly #pages: Page[] = []
  #length = 0
  #work = 0n
  /**
   * Heights + 1, each at the first free place from where its hash points; 0 where nothing is. What a hash points with
   * are its first bytes, which nobody can choose without doing the work. Entries of headers that were cut off stay until
   * the table grows: whoever looks one up compares the hash.
   */
  #table = new Uint32Array(2 * PAGE_LENGTH)
  #entries = 0

  constructor(difficulty: Difficulty = new Difficulty()) {
    this.#difficulty = difficulty
  }

  /** How many headers there are; the last one has this height less 1. */
  get length(): number {
    return this.#length
  }

  /** Work of all headers together. */
  get work(): bigint {
    return this.#work
  }

  /** Work of the first `length` headers: looks at one page of them at most. */
  workOf(length: number): bigint {
    if (length >= this.#length) return this.#work
    const page = this.#pages[Math.floor(length / PAGE_LENGTH)]
    return page ? page.work + this.#difficulty.workOf(page.bytes, 0, length % PAGE_LENGTH) : 0n
  }

  /** A copy of a header; `undefined` above the last one. */
  at(height: number): BlockHeader | undefined {
    const page = this.#pageOf(height)
    const start = HEADER_SIZE * (height % PAGE_LENGTH)
    return page && new BlockHeader(page.slice(start, start + HEADER_SIZE))
  }

  /** A copy of the hash of a header. */
  hashAt(height: number): Hash | undefined {
    const start = hashStart(height)
    return this.#pageOf(height)?.slice(start, start + HASH_SIZE)
  }

  /** Whether the header at a height has this hash. */
  isAt(height: number, hash: Hash): boolean {
    const page = this.#pageOf(height)
    if (page === undefined || hash.length !== HASH_SIZE) return false
    const start = hashStart(height)
    for (let i = 0; i < HASH_SIZE; i += 1) if (page[start + i] !== hash[i]) return false
    return true
  }

  /** The height of the header with this hash. */
  heightOf(hash: Hash): number | undefined {
    const mask = this.#table.length - 1
    for (let place = readU32(hash, 0) & mask; ; place = (place + 1) & mask) {
      const entry = this.#table[place]
      if (!entry) return undefined
      if (this.isAt(entry - 1, hash)) return entry - 1
    }
  }

  /** Adds a copy of a header at the end. */
  push(header: BlockHeader): void {
    this.append(PackedHeaders.of([header]))
  }

  /** Adds copies of headers at the end. */
  append({ bytes, hashes, length }: PackedHeaders): void {
    const first = this.#length
    for (let at = 0; at < length; ) {
      const page = this.#pages[Math.floor(this.#length / PAGE_LENGTH)] ?? this.#newPage()
      const start = this.#length % PAGE_LENGTH
      const end = Math.min(length, at + PAGE_LENGTH - start)
      page.bytes.set(bytes.subarray(HEADER_SIZE * at, HEADER_SIZE * end), HEADER_SIZE * start)
      page.bytes.set(hashes.subarray(HASH_SIZE * at, HASH_SIZE * end), HASHES + HASH_SIZE * start)
      this.#work += this.#difficulty.workOf(bytes, at, end)
      this.#length += end - at
      at = end
    }
    if (2 * (this.#entries + length) > this.#table.length) this.#rebuild()
    else this.#enterFrom(first)
  }

  /** Cuts off all headers from a height on. */
  truncate(length: number): void {
    this.#work = this.workOf(length)
    this.#length = Math.min(this.#length, length)
    this.#pages.length = Math.ceil(this.#length / PAGE_LENGTH)
  }

  #pageOf(height: number): Uint8Array | undefined {
    if (!(Number.isInteger(height) && height >= 0 && height < this.#length)) return undefined
    return this.#pages[Math.floor(height / PAGE_LENGTH)]?.bytes
  }

  #newPage(): Page {
    const page = { bytes: new Uint8Array(PAGE_LENGTH * (HEADER_SIZE + HASH_SIZE)), work: this.#work }
    this.#pages.push(page)
    return page
  }

  /** Enters all headers from a height on. */
  #enterFrom(first: number): void {
    const table = this.#table
    const mask = table.length - 1
    for (let height = first; height < this.#length; height += 1) {
      const page = this.#pages[Math.floor(height / PAGE_LENGTH)]
      if (page === undefined) break
      let place = readU32(page.bytes, hashStart(height)) & mask
      while (table[place]) place = (place + 1) & mask
      table[place] = height + 1
    }
    this.#entries += this.#length - first
  }

  /** Makes room, and leaves out what was cut off. */
  #rebuild(): void {
    let size = this.#table.length
    while (size < 4 * this.#length) size *= 2
    this.#table = new Uint32Array(size)
    this.#entries = 0
    this.#enterFrom(0)
  }
}

/** Where the hash of a header stands in its page. */
const hashStart = (height: number): number => HASHES + HASH_SIZE * (height % PAGE_LENGTH)
