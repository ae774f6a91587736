import type { Observable } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { BlockFilter, FilterType } from '../wire/filter.js'
import { type Hash, sha256d } from '../wire/hash.js'
import { bytesToHex, equalBytes, toHex } from '../wire/hex.js'
import type { CFilterMessage } from '../wire/messages/cfilter.js'
import type { Message } from '../wire/messages.js'
import { collect } from './engine/collect.js'
import type { Part } from './engine/collection.js'
import { ANSWER_OVERHEAD, ownBytes } from './engine/held-back.js'
import { filtersNeed } from './engine/offers.js'
import type { Window } from './engine/window.js'
import type { FilterLinks } from './filter-links.js'
import { RequestError } from './request-error.js'
import type { Patience } from './request-options.js'

/** The filter of a block, checked against the chain of filter headers. */
export interface FilterAt {
  /** Height of the block. */
  readonly height: number
  /** The block's id, wire order. */
  readonly blockHash: Hash
  /** The filter, decoded. */
  readonly filter: BlockFilter
  /** The filter header of this block: commits to this filter and all before it. */
  readonly header: Hash
}

/** Some blocks whose filter headers are known. */
interface Linked {
  readonly start: number
  readonly links: FilterLinks
  /** How many filters are on their way at a time, as far as that is known from blocks before. */
  readonly window: Window
}

/** The runs of neighbours among places, as first and last of each. */
function* runs(places: readonly number[]): Generator<readonly [number, number]> {
  let first = places[0]
  for (const [i, place] of places.entries()) {
    if (first === undefined || places[i + 1] === place + 1) continue
    yield [first, place]
    first = places[i + 1]
  }
}

/** Fetches the filters of some blocks. */
export function collectFilters(
  peer: Peer,
  { start, links, window }: Linked,
  asking: Patience,
): Observable<FilterAt> {
  const part = ({ blockHash: of, filter }: CFilterMessage): Part<FilterAt> => ({
    names: [bytesToHex(of)],
    bytes: filter.length + ANSWER_OVERHEAD,
    ready: place => {
      const blockHash = links.block(place)
      if (!equalBytes(sha256d(filter), links.hash(place))) {
        const detail = `the filter of ${toHex(blockHash)} is not the one its header commits to`
        throw new RequestError('bad-answer', detail)
      }
      return decoding({ height: start + place, blockHash, header: links.header(place) }, ownBytes(filter))
    },
  })
  return collect(peer, asking, filtersNeed, {
    length: links.length,
    window: () => window,
    questions: wanted =>
      Array.from(
        runs(wanted),
        ([first, last]): Message => ({
          command: 'getcfilters',
          filterType: FilterType.basic,
          startHeight: start + first,
          stop: links.block(last),
        }),
      ),
    name: place => bytesToHex(links.block(place)),
    describe: place => `filter ${toHex(links.block(place))}`,
    read: message => {
      if (message.command !== 'cfilter' || message.filterType !== FilterType.basic) return undefined
      return [part(message)]
    },
  })
}

/** Decodes a filter when its turn comes: decoded it takes three times its bytes. A function of its own, as `ready`. */
function decoding(at: Omit<FilterAt, 'filter'>, bytes: Uint8Array): () => FilterAt {
  return () => {
    try {
      return { ...at, filter: BlockFilter.decode(at.blockHash, bytes) }
    } catch (cause) {
      const detail = `the filter of ${toHex(at.blockHash)} cannot be read`
      throw new RequestError('bad-answer', detail, { cause })
    }
  }
}
