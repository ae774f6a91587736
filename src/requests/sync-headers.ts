import { defer, EMPTY, expand, map, type Observable } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { MAX_HEADERS } from '../wire/limits.js'
import { type GetHeadersOptions, getHeaders } from './get-headers.js'
import { HeaderChain, type HeadersAdded } from './header-chain.js'

/** How far {@link syncHeaders} is. */
export interface HeadersProgress extends HeadersAdded {
  /** The chain so far. */
  readonly chain: HeaderChain
  /** Height of its tip. */
  readonly height: number
  /** The remote's best height as far as it told; the goal. */
  readonly goal: number
}

/**
 * Fetches headers page by page until the remote has no more, checks that they connect and have their work, and emits
 * the progress after each page; completes when the chain is at the remote's tip. A reorganisation of the remote on the
 * way is followed: its headers replace ours behind the fork where they have more work.
 * Errors as `getHeaders` does, and with `bad-answer`; the chain keeps what was good.
 * @param chain - the headers that are known already; changed in place. Default: a new one from the first block on
 * @example syncHeaders(peer).subscribe({ next: ({ height, goal }) => console.log(height, goal), error: console.error })
 */
export function syncHeaders(
  peer: Peer,
  chain: HeaderChain = new HeaderChain(peer.network),
  options: Omit<GetHeadersOptions, 'stop'> = {},
): Observable<HeadersProgress> {
  const page$ = defer(() => getHeaders(peer, chain.locator(), options)).pipe(
    map(headers => {
      const { added, replaced } = chain.add(headers)
      peer.updateLastBlock(chain.height)
      const more = headers.length === MAX_HEADERS && added > 0
      const goal = Math.max(chain.height, peer.stats().lastBlock ?? 0)
      return { more, progress: { chain, added, replaced, height: chain.height, goal } }
    }),
  )
  return page$.pipe(
    expand(({ more }) => (more ? page$ : EMPTY)),
    map(({ progress }) => progress),
  )
}
