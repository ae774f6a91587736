import { filterHeader } from '../wire/filter.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import { equalBytes } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import type { CFHeadersMessage } from '../wire/messages/cfheaders.js'
import { RequestError } from './request-error.js'

/** What the filter headers of some blocks say of their filters, and where each of the blocks stands. */
export class FilterLinks {
  /** How many. */
  readonly length: number
  readonly #hashes: Uint8Array
  readonly #headers: Uint8Array
  readonly #blocks: List<Hash>

  /**
   * @param previous - the filter header that they have to continue, where it is known
   * @throws RequestError `bad-answer` where they do not
   */
  constructor(message: CFHeadersMessage, blocks: List<Hash>, previous: Hash | undefined) {
    if (previous !== undefined && !equalBytes(previous, message.previousFilterHeader)) {
      throw new RequestError('bad-answer', 'the filter headers do not continue those before')
    }
    this.length = blocks.length
    this.#blocks = blocks
    this.#hashes = new Uint8Array(32 * blocks.length)
    this.#headers = new Uint8Array(32 * blocks.length)
    let header: Hash = message.previousFilterHeader
    for (let place = 0; place < blocks.length; place += 1) {
      const hash = message.filterHashes.at(place) ?? zeroHash
      header = filterHeader(hash, header)
      this.#hashes.set(hash, 32 * place)
      this.#headers.set(header, 32 * place)
    }
  }

  /** Bytes that it takes. */
  get bytes(): number {
    return this.#hashes.length + this.#headers.length
  }

  /** The block at a place, wire order. */
  block(place: number): Hash {
    return this.#blocks.at(place) ?? zeroHash
  }

  /** The hash that the filter at a place has to have. */
  hash(place: number): Hash {
    return this.#hashes.subarray(32 * place, 32 * place + 32)
  }

  /** A copy of the filter header at a place. */
  header(place: number): Hash {
    return this.#headers.slice(32 * place, 32 * place + 32)
  }
}
