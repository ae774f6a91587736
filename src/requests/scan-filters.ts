import { concatMap, filter, map, type Observable, throwError, toArray, zipWith } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Block } from '../wire/block.js'
import type { FilterAt } from './collect-filters.js'
import { blocksNeed, notOffered } from './engine/offers.js'
import { getBlocks } from './get-blocks.js'
import { type FilterRange, filterSlices } from './get-filters.js'
import type { HeaderChain } from './header-chain.js'
import type { RequestOptions } from './request-options.js'

/** A block whose filter matched. */
export interface FilterMatch extends Omit<FilterAt, 'filter'> {
  /** The block itself; by chance (one in 784,931 a script) it may hold none of the scripts. */
  readonly block: Block
}

/**
 * Looks for scripts in a range of blocks without telling the remote which: fetches the compact filters, and the blocks
 * whose filters match any of the scripts, those of 1000 filters at a time. A filter is forgotten as soon as it has been
 * looked at. Emits the matches by height. Errors as `getFilters` and `getBlocks` do.
 * @param scripts - output scripts of a wallet, as they stand in outputs
 */
export function scanFilters(
  peer: Peer,
  chain: HeaderChain,
  range: FilterRange,
  scripts: readonly Uint8Array[],
  options: RequestOptions = {},
): Observable<FilterMatch> {
  const slices$ = filterSlices(peer, chain, range, options)
  // Not only at the first match.
  const unfit = notOffered(peer, blocksNeed)
  if (unfit !== undefined) return throwError(() => unfit)
  // Slice by slice: matches would pile up before the blocks of a busy wallet.
  return slices$.pipe(
    concatMap(slice$ =>
      slice$.pipe(
        filter(found => found.filter.matchAny(scripts)),
        map(({ height, blockHash, header }) => ({ height, blockHash, header })),
        toArray(),
        concatMap(matches => blocksOf(peer, matches, options)),
      ),
    ),
  )
}

function blocksOf(
  peer: Peer,
  matches: readonly Omit<FilterAt, 'filter'>[],
  options: RequestOptions,
): Observable<FilterMatch> {
  const hashes = matches.map(({ blockHash }) => blockHash)
  return getBlocks(peer, hashes, options).pipe(
    zipWith(matches),
    map(([block, match]) => ({ ...match, block })),
  )
}
