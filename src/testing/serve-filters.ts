import { concatMap, EMPTY, merge } from 'rxjs'
import { FilterType } from '../wire/filter.js'
import { zeroHash } from '../wire/hash.js'
import { CFCHECKPT_INTERVAL, MAX_CFHEADERS, MAX_GETCFILTERS } from '../wire/limits.js'
import type { GetCFCheckptMessage } from '../wire/messages/getcfcheckpt.js'
import type { GetCFHeadersMessage } from '../wire/messages/getcfheaders.js'
import type { GetCFiltersMessage } from '../wire/messages/getcfilters.js'
import type { Message } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'
import type { Ledger } from './ledger.js'
import type { Service } from './service.js'

/** What all three requests say; checkpoints start at the first block. */
type Range = Pick<GetCFCheckptMessage, 'filterType' | 'stop'> & { readonly startHeight?: number }

/** The height at which a request ends; `undefined` for a request that is not answered. */
function stopHeight(
  { chain }: Ledger,
  { filterType, startHeight = 0, stop }: Range,
  limit: number,
): number | undefined {
  const end = chain.heightOf(stop)
  if (filterType !== FilterType.basic || end === undefined) return undefined
  return startHeight <= end && end - startHeight < limit ? end : undefined
}

function* filtersFor(ledger: Ledger, request: GetCFiltersMessage): Generator<Message> {
  const { filterType, startHeight } = request
  const end = stopHeight(ledger, request, MAX_GETCFILTERS)
  if (end === undefined) return
  for (const { blockHash, filter } of ledger.filters.between(startHeight, end)) {
    yield { command: 'cfilter', filterType, blockHash, filter }
  }
}

function* headersFor(ledger: Ledger, request: GetCFHeadersMessage): Generator<Message> {
  const { filterType, startHeight, stop } = request
  const end = stopHeight(ledger, request, MAX_CFHEADERS)
  if (end === undefined) return
  const previousFilterHeader = ledger.filters.at(startHeight - 1)?.header ?? zeroHash
  const filterHashes = ledger.filters.between(startHeight, end).map(({ hash }) => hash)
  yield { command: 'cfheaders', filterType, stop, previousFilterHeader, filterHashes }
}

function* checkpointsFor(ledger: Ledger, request: GetCFCheckptMessage): Generator<Message> {
  const { filterType, stop } = request
  const end = stopHeight(ledger, request, Number.POSITIVE_INFINITY)
  if (end === undefined) return
  const filterHeaders = []
  for (let height = CFCHECKPT_INTERVAL; height <= end; height += CFCHECKPT_INTERVAL) {
    const entry = ledger.filters.at(height)
    if (entry) filterHeaders.push(entry.header)
  }
  yield { command: 'cfcheckpt', filterType, stop, filterHeaders }
}

/**
 * Answers getcfilters, getcfheaders and getcfcheckpt (BIP157) for blocks of the chain, where the node offers
 * `compactFilters`. Silent about unknown filter
 * types and stop blocks and about ranges that are empty or above the limit of 1000 filters or 2000 headers, for which
 * Core closes the connection.
 */
export const serveFilters: Service =
  (ledger, { services }) =>
  ({ on }) =>
    hasServices(services, Services.compactFilters)
      ? merge(
          on('getcfilters').pipe(concatMap(request => filtersFor(ledger, request))),
          on('getcfheaders').pipe(concatMap(request => headersFor(ledger, request))),
          on('getcfcheckpt').pipe(concatMap(request => checkpointsFor(ledger, request))),
        )
      : EMPTY
