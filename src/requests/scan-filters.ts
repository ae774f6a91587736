import { concatMap, filter, map, type Observable, toArray, zipWith } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Block } from '../wire/block.js'
import { getBlocks } from './get-blocks.js'
import { type FilterAt, type FilterRange, filterSlices } from './get-filters.js'
import type { HeaderChain } from './header-chain.js'
import type { RequestOptions } from './request-options.js'

/** A block whose filter matched. */
export interface FilterMatch extends FilterAt {
  /** The block itself; by chance (one in 784,931 a script) it may hold none of the scripts. */
  readonly block: Block
}

/**
 * Looks for scripts in a range of blocks without telling the remote which: fetches the compact filters, and the blocks
 * whose filters match any of the scripts, 1000 filters and 16 blocks at a time. Emits the matches by height. Errors as `getFilters` and `getBlocks` do.
 * @param scripts - output scripts of a wallet, as they stand in outputs
 */
export function scanFilters(
  peer: Peer,
  chain: HeaderChain,
  range: FilterRange,
  scripts: readonly Uint8Array[],
  options: RequestOptions = {},
): Observable<FilterMatch> {
  // Request by request: filters that matched would pile up before the blocks of a busy wallet.
  return filterSlices(peer, chain, range, options).pipe(
    concatMap(slice$ =>
      slice$.pipe(
        filter(found => found.filter.matchAny(scripts)),
        toArray(),
        concatMap(matches => blocksOf(peer, matches, options)),
      ),
    ),
  )
}

function blocksOf(
  peer: Peer,
  matches: readonly FilterAt[],
  options: RequestOptions,
): Observable<FilterMatch> {
  const hashes = matches.map(({ blockHash }) => blockHash)
  return getBlocks(peer, hashes, options).pipe(
    zipWith(matches),
    map(([block, match]) => ({ ...match, block })),
  )
}
