import { BlockHeader, HEADER_SIZE } from '../wire/header.js'
import type { HeaderBranch } from './header-chain.js'

/** A branch while nobody looks at it: as headers it takes six times as much, and it may be long and wait for minutes. */
export class PackedBranch {
  readonly #bytes: Uint8Array
  readonly #work: bigint

  constructor({ headers, work }: HeaderBranch) {
    this.#bytes = new Uint8Array(HEADER_SIZE * headers.length)
    headers.forEach(({ bytes }, i) => {
      this.#bytes.set(bytes, HEADER_SIZE * i)
    })
    this.#work = work
  }

  /** Bytes that it takes. */
  get size(): number {
    return this.#bytes.length
  }

  /** The first header, which follows one of the chain. */
  get first(): BlockHeader {
    return this.#at(0)
  }

  get last(): BlockHeader {
    return this.#at(this.#bytes.length - HEADER_SIZE)
  }

  unpack(): HeaderBranch {
    const length = this.#bytes.length / HEADER_SIZE
    return { headers: Array.from({ length }, (_, i) => this.#at(HEADER_SIZE * i)), work: this.#work }
  }

  #at(offset: number): BlockHeader {
    return new BlockHeader(this.#bytes.subarray(offset, offset + HEADER_SIZE))
  }
}
