import type { BlockHeader } from '../wire/header.js'
import { headerWork } from '../wire/work.js'

/** The work of headers. Neighbours mostly have the same bits, and the division of 256 bits is done once for all of them. */
export class WorkMemo {
  #bits: number | undefined
  #work = 0n

  of(header: BlockHeader): bigint {
    if (header.bits !== this.#bits) {
      this.#work = headerWork(header)
      this.#bits = header.bits
    }
    return this.#work
  }

  /** Of all together. */
  ofAll(headers: Iterable<BlockHeader>): bigint {
    let sum = 0n
    for (const header of headers) sum += this.of(header)
    return sum
  }
}
