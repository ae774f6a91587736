import { readU32 } from '../wire/bytes.js'
import type { Hash } from '../wire/hash.js'
import { BlockHeader, HEADER_SIZE } from '../wire/header.js'
import { equalBytes } from '../wire/hex.js'
import { WorkMemo } from './work-memo.js'

const HASH_SIZE = 32
const RECORD_SIZE = HEADER_SIZE + HASH_SIZE
/** Headers of one page: growing copies nothing, and a short chain takes little. */
const PAGE_LENGTH = 1_024

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
  readonly #works: WorkMemo
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

  constructor(works: WorkMemo = new WorkMemo()) {
    this.#works = works
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
    const page = Math.floor(length / PAGE_LENGTH)
    let work = this.#pages[page]?.work ?? 0n
    for (let height = page * PAGE_LENGTH; height < length; height += 1) {
      const header = this.at(height)
      if (header !== undefined) work += this.#works.of(header)
    }
    return work
  }

  /** A copy of a header; `undefined` above the last one. */
  at(height: number): BlockHeader | undefined {
    const record = this.#record(height)
    return record && new BlockHeader(record.slice(0, HEADER_SIZE))
  }

  /** A copy of the hash of a header. */
  hashAt(height: number): Hash | undefined {
    return this.#record(height)?.slice(HEADER_SIZE)
  }

  /** Whether the header at a height has this hash. */
  isAt(height: number, hash: Hash): boolean {
    const record = this.#record(height)
    return record !== undefined && equalBytes(record.subarray(HEADER_SIZE), hash)
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
    const page = this.#pages[Math.floor(this.#length / PAGE_LENGTH)] ?? this.#newPage()
    const offset = (this.#length % PAGE_LENGTH) * RECORD_SIZE
    page.bytes.set(header.bytes, offset)
    page.bytes.set(header.hash, offset + HEADER_SIZE)
    this.#length += 1
    this.#work += this.#works.of(header)
    if (2 * (this.#entries + 1) > this.#table.length) this.#rebuild()
    else this.#enter(header.hash, this.#length)
  }

  /** Cuts off all headers from a height on. */
  truncate(length: number): void {
    this.#work = this.workOf(length)
    this.#length = Math.min(this.#length, length)
    this.#pages.length = Math.ceil(this.#length / PAGE_LENGTH)
  }

  #record(height: number): Uint8Array | undefined {
    if (!(Number.isInteger(height) && height >= 0 && height < this.#length)) return undefined
    const offset = (height % PAGE_LENGTH) * RECORD_SIZE
    return this.#pages[Math.floor(height / PAGE_LENGTH)]?.bytes.subarray(offset, offset + RECORD_SIZE)
  }

  #newPage(): Page {
    const page = { bytes: new Uint8Array(PAGE_LENGTH * RECORD_SIZE), work: this.#work }
    this.#pages.push(page)
    return page
  }

  #enter(hash: Hash, entry: number): void {
    const mask = this.#table.length - 1
    let place = readU32(hash, 0) & mask
    while (this.#table[place]) place = (place + 1) & mask
    this.#table[place] = entry
    this.#entries += 1
  }

  /** Makes room, and leaves out what was cut off. */
  #rebuild(): void {
    let size = this.#table.length
    while (size < 4 * this.#length) size *= 2
    this.#table = new Uint32Array(size)
    this.#entries = 0
    for (let height = 0; height < this.#length; height += 1) {
      const record = this.#record(height)
      if (record) this.#enter(record.subarray(HEADER_SIZE), height + 1)
    }
  }
}
