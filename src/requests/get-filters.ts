import { concatAll, concatMap, defer, finalize, from, map, type Observable, tap } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { FilterType } from '../wire/filter.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import { equalBytes } from '../wire/hex.js'
import { type List, ListView } from '../wire/list.js'
import { collectFilters, type FilterAt } from './collect-filters.js'
import { inquire } from './engine/inquire.js'
import { filtersNeed } from './engine/offers.js'
import { Window } from './engine/window.js'
import { FilterLinks } from './filter-links.js'
import type { HeaderChain } from './header-chain.js'
import { type Patience, patience, type RequestOptions } from './request-options.js'

/** Filters of one request (Core `MAX_GETCFILTERS_SIZE`). */
const MAX_FILTERS = 1_000

/** Filters on their way at a time; few at first, since one alone may have 256 KB. */
const FILTER_WINDOW = { first: 16, most: MAX_FILTERS }

/** The blocks whose filters are wanted, and what is known of the filters before them. */
export interface FilterRange {
  /** Height of the first block. */
  readonly start: number
  /** Height of the last block. Default: the tip of the chain when it is subscribed. */
  readonly end?: number | undefined
  /** Filter header of the block before the first, where it is known. Default: zero for height 0, else the remote's word. */
  readonly previous?: Hash | undefined
}

/** The blocks of one getcfheaders. */
interface Blocks {
  readonly start: number
  readonly blocks: List<Hash>
}

/** What one getcfheaders is about, and how many filters are on their way then. */
interface Slice extends Blocks {
  readonly window: Window
}

function* slices(start: number, blocks: List<Hash>): Generator<Blocks> {
  for (let from = 0; from < blocks.length; from += MAX_FILTERS) {
    const length = Math.min(MAX_FILTERS, blocks.length - from)
    yield { start: start + from, blocks: new ListView(length, i => blocks.at(from + i) ?? zeroHash) }
  }
}

/** The blocks of a range as they are now. */
function hashesOf(chain: HeaderChain, start: number, end: number): List<Hash> {
  if (!Number.isInteger(start) || !Number.isInteger(end))
    throw new TypeError(`heights are whole numbers, not ${start} and ${end}`)
  const length = Math.max(end - start + 1, 0)
  const packed = new Uint8Array(32 * length)
  for (let i = 0; i < length; i += 1) {
    const hash = chain.hashAt(start + i)
    if (hash === undefined) throw new TypeError(`the chain has no block ${start + i}`)
    packed.set(hash, 32 * i)
  }
  return new ListView(length, i => packed.slice(32 * i, 32 * i + 32))
}

/**
 * Fetches the basic compact filters of a range of blocks (BIP157) and emits them by height: the filter headers of 1000
 * blocks, then their filters, 16 at a time and more when they are small. Each filter is checked against the filter headers,
 * which have to continue `previous`, and decoded when it is emitted. The blocks are those that the chain has when it is
 * subscribed, also where it is reorganised while the answers come. One remote can still lie about all of them: compare
 * `header` with another's.
 *
 * Filters that come before their turn are held back, up to 5 MB for all requests of a peer; what comes beyond that is
 * dropped and asked for again. `consume` makes the request rest while handlers hold too much.
 *
 * Errors with `not-offered` where the remote serves no filters, `bad-answer`, `unanswered`, `timeout`, `aborted` and
 * `peer-closed`, and with a TypeError where the chain has no such block. A range that ends before it starts is empty, and
 * so is one that starts right above the tip.
 * @param chain - names the blocks; see `syncHeaders`
 * @throws TypeError at the call, for options that make no sense
 */
export function getFilters(
  peer: Peer,
  chain: HeaderChain,
  range: FilterRange,
  options: RequestOptions = {},
): Observable<FilterAt> {
  return filterSlices(peer, chain, range, options).pipe(concatAll())
}

/**
 * The filters of a range, 1000 by 1000: each slice has to be subscribed when the one before is done, since it continues
 * it.
 */
export function filterSlices(
  peer: Peer,
  chain: HeaderChain,
  { start, end, previous }: FilterRange,
  options: RequestOptions,
): Observable<Observable<FilterAt>> {
  const asking = patience(options)
  return defer(() => {
    const window = new Window(FILTER_WINDOW, channelOf(peer).requestLimit)
    let header = previous ?? (start === 0 ? zeroHash : undefined)
    // Right above the tip there is nothing yet; further up is a height that the chain does not have.
    const blocks = hashesOf(chain, start, end ?? (start > chain.height + 1 ? start : chain.height))
    return from(slices(start, blocks)).pipe(
      map(slice =>
        getSlice(peer, { ...slice, window }, () => header, asking).pipe(
          tap(found => {
            header = found.header
          }),
        ),
      ),
    )
  })
}

function getSlice(
  peer: Peer,
  { start, blocks, window }: Slice,
  previous: () => Hash | undefined,
  asking: Patience,
): Observable<FilterAt> {
  const stop = blocks.at(-1) ?? zeroHash
  const links$ = inquire(peer, asking, filtersNeed, () => ({
    question: () => ({
      command: 'getcfheaders',
      filterType: FilterType.basic,
      startHeight: start,
      stop,
    }),
    answer: message => {
      // The same stop and another number answer another question.
      const fits =
        message.command === 'cfheaders' &&
        message.filterType === FilterType.basic &&
        equalBytes(message.stop, stop) &&
        message.filterHashes.length === blocks.length
      return fits ? { take: 'claimed', value: message } : undefined
    },
    wonders: 'cfheaders',
  }))
  return links$.pipe(
    concatMap(message => {
      const links = new FilterLinks(message, blocks, previous())
      const release = channelOf(peer).charge(links.bytes)
      return collectFilters(peer, { start, links, window }, asking).pipe(finalize(release))
    }),
  )
}
