import { EMPTY, map, merge } from 'rxjs'
import { FilterType } from '../wire/filter.js'
import { zeroHash } from '../wire/hash.js'
import { CFCHECKPT_INTERVAL, MAX_CFHEADERS, MAX_GETCFILTERS } from '../wire/limits.js'
import type { GetCFCheckptMessage } from '../wire/messages/getcfcheckpt.js'
import type { GetCFHeadersMessage } from '../wire/messages/getcfheaders.js'
import type { GetCFiltersMessage } from '../wire/messages/getcfilters.js'
import type { Message } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'
import type { KnownBlock } from './chain.js'
import type { Ledger } from './ledger.js'
import type { Service } from './service.js'

/** What all three requests say; checkpoints start at the first block. */
type Range = Pick<GetCFCheckptMessage, 'filterType' | 'stop'> & { readonly startHeight?: number }

/** The block with which a request ends; `undefined` for a request that is not answered. */
function lastBlock(
  { chain }: Ledger,
  { filterType, startHeight = 0, stop }: Range,
  limit: number,
): KnownBlock | undefined {
  const last = chain.known(stop)
  // A block that was never part of the chain has no filter: what it spends was never looked up. Core has none either.
  if (filterType !== FilterType.basic || last?.spent === undefined) return undefined
  return startHeight <= last.height && last.height - startHeight < limit ? last : undefined
}

function* filtersFor(ledger: Ledger, request: GetCFiltersMessage): Generator<Message> {
  const { filterType, startHeight } = request
  const last = lastBlock(ledger, request, MAX_GETCFILTERS)
  if (last === undefined) return
  for (const { blockHash, filter } of ledger.filters.upTo(last, startHeight)) {
    yield { command: 'cfilter', filterType, blockHash, filter }
  }
}

function* headersFor(ledger: Ledger, request: GetCFHeadersMessage): Generator<Message> {
  const { filterType, startHeight, stop } = request
  const last = lastBlock(ledger, request, MAX_CFHEADERS)
  if (last === undefined) return
  const entries = ledger.filters.upTo(last, startHeight)
  const previousFilterHeader = entries[0]?.previousHeader ?? zeroHash
  const filterHashes = entries.map(({ hash }) => hash)
  yield { command: 'cfheaders', filterType, stop, previousFilterHeader, filterHashes }
}

function* checkpointsFor(ledger: Ledger, request: GetCFCheckptMessage): Generator<Message> {
  const { filterType, stop } = request
  const last = lastBlock(ledger, request, Number.POSITIVE_INFINITY)
  if (last === undefined) return
  const filterHeaders = ledger.filters
    .upTo(last, CFCHECKPT_INTERVAL)
    .filter((_, i) => i % CFCHECKPT_INTERVAL === 0)
    .map(({ header }) => header)
  yield { command: 'cfcheckpt', filterType, stop, filterHeaders }
}

/**
 * Answers getcfilters, getcfheaders and getcfcheckpt (BIP157) for blocks of the chain, where the node offers
 * `compactFilters`; as Core does, also where the stop block was replaced by a reorganisation, and then for the blocks
 * that it follows. Silent about unknown filter types and stop blocks and about ranges that are empty or above the limit
 * of 1000 filters or 2000 headers, for which Core closes the connection.
 */
export const serveFilters: Service =
  (ledger, { services }) =>
  ({ on }) =>
    hasServices(services, Services.compactFilters)
      ? merge(
          on('getcfilters').pipe(map(request => filtersFor(ledger, request))),
          on('getcfheaders').pipe(map(request => headersFor(ledger, request))),
          on('getcfcheckpt').pipe(map(request => checkpointsFor(ledger, request))),
        )
      : EMPTY
