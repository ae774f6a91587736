import { concatMap, defer, filter, from, map, type Observable, pipe, take } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { BlockFilter, FilterType, filterHeader } from '../wire/filter.js'
import { type Hash, zeroHash } from '../wire/hash.js'
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
  /** Height of the last block. Default: the tip of the chain. */
  readonly end?: number | undefined
  /** Filter header of the block before the first, where it is known. Default: zero for height 0, else the remote's word. */
  readonly previous?: Hash | undefined
}

/** The filter of a block, checked against the chain of filter headers. */
export interface FilterAt {
  readonly height: number
  readonly blockHash: Hash
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
 * `peer-closed`.
 * @param chain - names the blocks; see `syncHeaders`
 */
export function getFilters(
  peer: Peer,
  chain: HeaderChain,
  { start, end = chain.height, previous }: FilterRange,
  options: RequestOptions = {},
): Observable<FilterAt> {
  return defer(() => {
    let header = previous ?? (start === 0 ? zeroHash : undefined)
    return from(slices(start, end)).pipe(
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
    const stop = hashAt(chain, end)
    const question = { filterType: FilterType.basic, startHeight: start, stop }
    const ofThis = <M extends { readonly stop: Hash }>(message: M) => equalBytes(message.stop, stop)
    const hashes$ = request(
      peer,
      { command: 'getcfheaders', ...question },
      pipe(ofCommand('cfheaders'), filter(ofThis)),
      options,
    )
    return hashes$.pipe(
      concatMap(message => {
        const expected = linked(message, end - start + 1, previous())
        let next = 0
        const check = ({ blockHash, filter: bytes }: CFilterMessage): FilterAt => {
          const height = start + next
          const wanted = hashAt(chain, height)
          const here = expected[next]
          next += 1
          if (here === undefined || !equalBytes(blockHash, wanted)) {
            throw new RequestError(
              'bad-answer',
              `a filter of ${toHex(blockHash)} where ${toHex(wanted)} belongs`,
            )
          }
          const decoded = BlockFilter.decode(wanted, bytes.slice())
          if (!equalBytes(decoded.hash, here.hash)) {
            throw new RequestError(
              'bad-answer',
              `the filter of ${toHex(wanted)} is not the one its header commits to`,
            )
          }
          return { height, blockHash: wanted, filter: decoded, header: here.header }
        }
        const answer = pipe(
          ofCommand('cfilter'),
          filter(({ filterType }) => filterType === FilterType.basic),
          take(expected.length),
          map(check),
        )
        return requestMany(peer, { command: 'getcfilters', ...question }, answer, options)
      }),
    )
  })
}

/** The filter hashes with their headers, checked to be as many as asked and to continue what is known. */
function linked(
  { previousFilterHeader, filterHashes }: CFHeadersMessage,
  count: number,
  previous: Hash | undefined,
): readonly { readonly hash: Hash; readonly header: Hash }[] {
  if (filterHashes.length !== count) {
    throw new RequestError(
      'bad-answer',
      `${filterHashes.length} filter headers where ${count} were asked for`,
    )
  }
  if (previous !== undefined && !equalBytes(previous, previousFilterHeader)) {
    throw new RequestError('bad-answer', 'the filter headers do not continue those before')
  }
  let header: Hash = previousFilterHeader
  return Array.from(filterHashes, bytes => {
    const hash = bytes.slice()
    header = filterHeader(hash, header)
    return { hash, header }
  })
}
