import { BlockHeader, HEADER_SIZE } from '../wire/header.js'
import { PackedHeaders } from './packed-headers.js'

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

  /** Copies the headers of a run. */
  constructor({ bytes }: PackedHeaders, work: bigint) {
    this.#bytes = bytes.slice()
    this.work = work
  }

  /** The same branch; as it is where it is one already. */
  static of(branch: HeaderBranch): PackedBranch {
    if (branch instanceof PackedBranch) return branch
    const run = PackedHeaders.of(branch.headers)
    const packed = new PackedBranch(run, branch.work)
    run.release()
    return packed
  }

  /** Bytes that it takes. */
  get size(): number {
    return this.#bytes.length
  }

  get length(): number {
    return this.size / HEADER_SIZE
  }

  /** Its headers over the same bytes. */
  get run(): PackedHeaders {
    return PackedHeaders.over(this.#bytes)
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
