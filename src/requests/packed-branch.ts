import { BlockHeader, HEADER_SIZE } from '../wire/header.js'
import type { List } from '../wire/list.js'

/** Headers beside a chain, which do not have enough work yet to replace a part of it. */
export interface HeaderBranch {
  /** In their order; the first one follows a header of the chain. */
  readonly headers: readonly BlockHeader[]
  /** Of all of them together, see `HeaderChain.work`. */
  readonly work: bigint
}

/** A branch as its bytes: it may be long and wait for minutes, and as headers it takes six times as much. */
export class PackedBranch implements HeaderBranch {
  readonly work: bigint
  readonly #bytes: Uint8Array

  private constructor(bytes: Uint8Array, work: bigint) {
    this.#bytes = bytes
    this.work = work
  }

  /** Copies the headers. */
  static from({
    headers,
    work,
  }: {
    readonly headers: List<BlockHeader>
    readonly work: bigint
  }): PackedBranch {
    const bytes = new Uint8Array(HEADER_SIZE * headers.length)
    for (let i = 0; i < headers.length; i += 1) bytes.set(headers.at(i)?.bytes ?? [], HEADER_SIZE * i)
    return new PackedBranch(bytes, work)
  }

  /** The same branch; as it is where it is one already. */
  static of(branch: HeaderBranch): PackedBranch {
    return branch instanceof PackedBranch ? branch : PackedBranch.from(branch)
  }

  /** Bytes that it takes. */
  get size(): number {
    return this.#bytes.length
  }

  get length(): number {
    return this.size / HEADER_SIZE
  }

  /** Made anew each time, each header by itself. */
  get headers(): readonly BlockHeader[] {
    return Array.from({ length: this.length }, (_, i) => new BlockHeader(this.at(i).bytes.slice()))
  }

  /** A header over the bytes of this branch, counted from its end where the index is negative. */
  at(index: number): BlockHeader {
    const offset = HEADER_SIZE * index + (index < 0 ? this.size : 0)
    return new BlockHeader(this.#bytes.subarray(offset, offset + HEADER_SIZE))
  }
}
