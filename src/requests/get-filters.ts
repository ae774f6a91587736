import {
  concatMap,
  defer,
  EMPTY,
  filter,
  from,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  pipe,
  take,
} from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { BlockFilter, FilterType, filterHeader } from '../wire/filter.js'
import { type Hash, sha256d, zeroHash } from '../wire/hash.js'
import { equalBytes, toHex } from '../wire/hex.js'
import type { CFHeadersMessage } from '../wire/messages/cfheaders.js'
import type { CFilterMessage } from '../wire/messages/cfilter.js'
import type { HeaderChain } from './header-chain.js'
import { type RequestOptions, request } from './request.js'
import { RequestError } from './request-error.js'
import { requestMany } from './request-many.js'

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

interface Slice {
  readonly start: number
  readonly end: number
}

function* slices(start: number, end: number): Generator<Slice> {
  for (let at = start; at <= end; at += MAX_FILTERS)
    yield { start: at, end: Math.min(end, at + MAX_FILTERS - 1) }
}

/**
 * Fetches the basic compact filters of a range of blocks (BIP157), 1000 at a time, and emits them by height. Each filter
 * is checked against the filter headers, which the remote has to send first and which have to continue `previous`.
 * One remote can still lie about all of them: compare `header` with another's. Errors with `bad-answer`, `timeout` and
 * `peer-closed`, and with a TypeError where the chain has no such block.
 * @param chain - names the blocks; see `syncHeaders`
 */
export function getFilters(
  peer: Peer,
  chain: HeaderChain,
  { start, end, previous }: FilterRange,
  options: RequestOptions = {},
): Observable<FilterAt> {
  return defer(() => {
    let header = previous ?? (start === 0 ? zeroHash : undefined)
    return from(slices(start, end ?? chain.height)).pipe(
      concatMap(slice =>
        getSlice(peer, chain, slice, () => header, options).pipe(
          map(found => {
            header = found.header
            return found
          }),
        ),
      ),
    )
  })
}

function hashAt(chain: HeaderChain, height: number): Hash {
  const header = chain.at(height)
  if (header === undefined) throw new TypeError(`the chain has no block ${height}`)
  return header.hash
}

function getSlice(
  peer: Peer,
  chain: HeaderChain,
  { start, end }: Slice,
  previous: () => Hash | undefined,
  options: RequestOptions,
): Observable<FilterAt> {
  return defer(() => {
    // Now: the chain may change while the answers come.
    const blocks = Array.from({ length: end - start + 1 }, (_, i) => hashAt(chain, start + i))
    const stop = hashAt(chain, end)
    const question = { filterType: FilterType.basic, startHeight: start, stop }
    const headers = pipe(
      ofCommand('cfheaders'),
      filter(({ filterType, stop: of }) => filterType === FilterType.basic && equalBytes(of, stop)),
    )
    return request(peer, { command: 'getcfheaders', ...question }, headers, options).pipe(
      concatMap(message => {
        const wanted = linked(message, blocks, previous())
        const filters = pipe(ofCommand('cfilter'), inOrder(wanted, start), take(blocks.length))
        return requestMany(peer, { command: 'getcfilters', ...question }, filters, options)
      }),
    )
  })
}

/** What cfheaders said of the filter of a block. */
interface Link {
  readonly blockHash: Hash
  readonly hash: Hash
  readonly header: Hash
}

/**
 * The filters of these blocks by height, each once, however they come. Those of other blocks belong to somebody else's
 * request.
 */
function inOrder(wanted: readonly Link[], start: number): OperatorFunction<CFilterMessage, FilterAt> {
  return source =>
    defer(() => {
      const places = new Map(wanted.map(({ blockHash }, i) => [toHex(blockHash), i]))
      const arrived = new Map<number, FilterAt>()
      let next = 0
      return source.pipe(
        mergeMap(({ filterType, blockHash, filter: bytes }) => {
          const place = places.get(toHex(blockHash))
          const link = place === undefined ? undefined : wanted[place]
          if (filterType !== FilterType.basic || place === undefined || link === undefined) return EMPTY
          places.delete(toHex(blockHash))
          const { header } = link
          arrived.set(place, {
            height: start + place,
            blockHash: link.blockHash,
            filter: verified(link, bytes),
            header,
          })
          const ready: FilterAt[] = []
          for (let found = arrived.get(next); found !== undefined; found = arrived.get(next)) {
            arrived.delete(next)
            ready.push(found)
            next += 1
          }
          return ready
        }),
      )
    })
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

/** The filter hashes with their headers, checked to be as many as asked and to continue what is known. */
function linked(
  { previousFilterHeader, filterHashes }: CFHeadersMessage,
  blocks: readonly Hash[],
  previous: Hash | undefined,
): readonly Link[] {
  if (filterHashes.length !== blocks.length) {
    throw new RequestError(
      'bad-answer',
      `${filterHashes.length} filter headers where ${blocks.length} were asked for`,
    )
  }
  if (previous !== undefined && !equalBytes(previous, previousFilterHeader)) {
    throw new RequestError('bad-answer', 'the filter headers do not continue those before')
  }
  let header: Hash = previousFilterHeader
  return blocks.map((blockHash, i) => {
    const hash = filterHashes.at(i)?.slice() ?? zeroHash
    header = filterHeader(hash, header)
    return { blockHash, hash, header }
  })
}
