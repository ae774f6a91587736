import { concatAll, concatMap, defer, from, map, mergeMap, type Observable, pipe, take } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { BlockFilter, FilterType, filterHeader } from '../wire/filter.js'
import { type Hash, sha256d, zeroHash } from '../wire/hash.js'
import { equalBytes, toHex } from '../wire/hex.js'
import { type List, ListView } from '../wire/list.js'
import type { CFHeadersMessage } from '../wire/messages/cfheaders.js'
import type { CFilterMessage } from '../wire/messages/cfilter.js'
import { answersOf } from './fence.js'
import type { HeaderChain } from './header-chain.js'
import { request } from './request.js'
import { RequestError } from './request-error.js'
import { requestMany } from './request-many.js'
import { askAgain, type Patience, patience, type RequestOptions } from './request-options.js'

/** Filters of one request (Core `MAX_GETCFILTERS_SIZE`). */
const MAX_FILTERS = 1_000

/** The blocks whose filters are wanted, and what is known of the filters before them. */
export interface FilterRange {
  /** Height of the first block. */
  readonly start: number
  /** Height of the last block. Default: the tip of the chain when it is subscribed. */
  readonly end?: number | undefined
  /** Filter header of the block before the first, where it is known. Default: zero for height 0, else the remote's word. */
  readonly previous?: Hash | undefined
}

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

/** The blocks of one request. */
interface Slice {
  readonly start: number
  readonly blocks: List<Hash>
}

function* slices(start: number, blocks: List<Hash>): Generator<Slice> {
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
 * Fetches the basic compact filters of a range of blocks (BIP157), 1000 at a time, and emits them by height. Each filter
 * is checked against the filter headers, which the remote has to send first and which have to continue `previous`. The
 * blocks are those that the chain has when it is subscribed, also where it is reorganised while the answers come. One
 * remote can still lie about all of them: compare `header` with another's. Errors with `bad-answer`, `unanswered`, `timeout`
 * and `peer-closed`, and with a TypeError where the chain has no such block. A range that ends before it starts is empty, and so is one
 * that starts right above the tip.
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
 * The filters of a range, request by request: each has to be subscribed when the one before is done, since it continues
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
    let header = previous ?? (start === 0 ? zeroHash : undefined)
    // Right above the tip there is nothing yet; further up is a height that the chain does not have.
    const blocks = hashesOf(chain, start, end ?? (start > chain.height + 1 ? start : chain.height))
    return from(slices(start, blocks)).pipe(
      map(slice =>
        getSlice(peer, slice, () => header, asking).pipe(
          map(found => {
            header = found.header
            return found
          }),
        ),
      ),
    )
  })
}

function getSlice(
  peer: Peer,
  { start, blocks }: Slice,
  previous: () => Hash | undefined,
  asking: Patience,
): Observable<FilterAt> {
  const stop = blocks.at(-1) ?? zeroHash
  const question = { filterType: FilterType.basic, startHeight: start, stop }
  // The same stop and another number answer another question.
  const headers = answersOf(
    peer,
    'cfheaders',
    message =>
      message.filterType === FilterType.basic &&
      equalBytes(message.stop, stop) &&
      message.filterHashes.length === blocks.length,
  )
  return request(peer, { command: 'getcfheaders', ...question }, headers, asking).pipe(
    concatMap(message => {
      const collecting = new Collecting(linked(message, blocks, previous()), start)
      // Asked again, only for what is still missing.
      return defer(() =>
        requestMany(
          peer,
          { command: 'getcfilters', ...question, startHeight: start + collecting.done },
          pipe(
            ofCommand('cfilter'),
            mergeMap(filter => collecting.take(filter)),
            take(blocks.length - collecting.done),
          ),
          asking,
        ),
      ).pipe(askAgain(asking.retries))
    }),
  )
}

/** What cfheaders said of the filter of a block. */
interface Link {
  readonly blockHash: Hash
  readonly hash: Hash
  readonly header: Hash
}

/** Brings the filters of some blocks into their order, each once. Those of other blocks belong to somebody else's request. */
class Collecting {
  readonly #wanted: readonly Link[]
  readonly #start: number
  readonly #places: Map<string, number>
  readonly #arrived = new Map<number, FilterAt>()
  #done = 0

  constructor(wanted: readonly Link[], start: number) {
    this.#wanted = wanted
    this.#start = start
    this.#places = new Map(wanted.map(({ blockHash }, i) => [toHex(blockHash), i]))
  }

  /** How many are through. */
  get done(): number {
    return this.#done
  }

  /** Takes a filter; those whose turn it is now. */
  take({ filterType, blockHash, filter: bytes }: CFilterMessage): readonly FilterAt[] {
    const place = this.#places.get(toHex(blockHash))
    const link = place === undefined ? undefined : this.#wanted[place]
    if (filterType !== FilterType.basic || place === undefined || link === undefined) return []
    this.#places.delete(toHex(blockHash))
    const { header } = link
    const height = this.#start + place
    this.#arrived.set(place, { height, blockHash: link.blockHash, filter: verified(link, bytes), header })
    const ready: FilterAt[] = []
    for (let found = this.#arrived.get(this.#done); found; found = this.#arrived.get(this.#done)) {
      this.#arrived.delete(this.#done)
      this.#done += 1
      ready.push(found)
    }
    return ready
  }
}

function verified({ blockHash, hash }: Link, bytes: Uint8Array): BlockFilter {
  if (!equalBytes(sha256d(bytes), hash)) {
    throw new RequestError(
      'bad-answer',
      `the filter of ${toHex(blockHash)} is not the one its header commits to`,
    )
  }
  try {
    return BlockFilter.decode(blockHash, bytes.slice())
  } catch (cause) {
    throw new RequestError('bad-answer', `the filter of ${toHex(blockHash)} cannot be read`, { cause })
  }
}

/** The filter hashes with their headers, checked to continue what is known. */
function linked(
  { previousFilterHeader, filterHashes }: CFHeadersMessage,
  blocks: List<Hash>,
  previous: Hash | undefined,
): readonly Link[] {
  if (previous !== undefined && !equalBytes(previous, previousFilterHeader)) {
    throw new RequestError('bad-answer', 'the filter headers do not continue those before')
  }
  let header: Hash = previousFilterHeader
  return Array.from(blocks, (blockHash, i) => {
    const hash = filterHashes.at(i)?.slice() ?? zeroHash
    header = filterHeader(hash, header)
    return { blockHash, hash, header }
  })
}
