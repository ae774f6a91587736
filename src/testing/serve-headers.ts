import { filter, map } from 'rxjs'
import type { BlockHeader } from '../wire/header.js'
import { equalBytes } from '../wire/hex.js'
import { MAX_HEADERS } from '../wire/limits.js'
import type { GetHeadersMessage } from '../wire/messages/getheaders.js'
import type { Chain } from './chain.js'
import type { Service } from './service.js'

/** The headers that a getheaders asks for; `undefined` where it is not answered. */
function headersFor(chain: Chain, request: GetHeadersMessage): readonly BlockHeader[] | undefined {
  if (request.locator.length === 0) {
    const single = chain.block(request.stop)
    return single && [single.header]
  }
  const found = chain.after(request, MAX_HEADERS).map(({ header }) => header)
  const stop = found.findIndex(({ hash }) => equalBytes(hash, request.stop))
  return stop < 0 ? found : found.slice(0, stop + 1)
}

/**
 * Answers getheaders with what follows the locator, the stop block included, at most 2000; an empty locator asks for
 * the stop block alone, and is not answered where that is unknown.
 */
export const serveHeaders: Service =
  ({ chain }) =>
  ({ on }) =>
    on('getheaders').pipe(
      map(request => headersFor(chain, request)),
      filter(headers => headers !== undefined),
      map(headers => ({ command: 'headers', headers })),
    )
