import { defer, EMPTY, expand, map, type Observable } from 'rxjs'
import { HEADERS_TIMEOUT } from '../behaviors/stall.js'
import type { Peer } from '../peer/peer.js'
import type { BlockHeader } from '../wire/header.js'
import { equalBytes, toHex } from '../wire/hex.js'
import { MAX_HEADERS } from '../wire/limits.js'
import { type GetHeadersOptions, getHeaders } from './get-headers.js'
import { HeaderChain, type HeadersAdded } from './header-chain.js'
import { RequestError } from './request-error.js'
import { patience } from './request-options.js'

/** How far {@link syncHeaders} is. */
export interface HeadersProgress extends HeadersAdded {
  /** The chain so far. */
  readonly chain: HeaderChain
  /** Height of its tip. */
  readonly height: number
  /** The remote's best height as far as it told; the goal. */
  readonly goal: number
}

/** Headers that a remote may tell beside our chain before they have more work than what they would replace. */
const MAX_BRANCH = 50_000

/** What came of one page. */
interface Page {
  readonly progress: HeadersProgress
  /** Whether the remote has more. */
  readonly more: boolean
  /** The last headers of all pages since the chain has grown, the latest one last. */
  readonly ends: readonly BlockHeader[]
}

/**
 * Fetches headers page by page until the remote has no more, checks that they connect and have their work, and emits
 * the progress after each page; completes when the remote has no more. A reorganisation of the remote, before or on the
 * way, is followed: its headers replace ours behind the fork as soon as they have more work.
 * Errors as `getHeaders` does, and with `bad-answer` for headers that the chain refuses, for the same page told twice, and
 * for more than 50,000 headers that have less work than what they would replace. The chain keeps what was good.
 * @param known - the headers that are known already; changed in place. Default: a new one from the first block on
 * @example syncHeaders(peer).subscribe({ next: ({ height, goal }) => console.log(height, goal), error: console.error })
 */
export function syncHeaders(
  peer: Peer,
  known?: HeaderChain,
  options: Omit<GetHeadersOptions, 'stop'> = {},
): Observable<HeadersProgress> {
  const asking = patience(options, HEADERS_TIMEOUT)
  const pageBehind = (chain: HeaderChain, { progress, ends = [] }: Partial<Page>): Observable<Page> => {
    const branch = progress?.branch
    const end = ends.at(-1)
    // Behind the end of a branch, which the chain's own locator would lead back to its beginning.
    const locator = branch && end ? [end.hash, ...chain.locator()] : chain.locator()
    return getHeaders(peer, locator, asking).pipe(
      map(headers => {
        const last = headers.at(-1)
        // Else a remote that tells the same again and again would keep us busy for ever.
        if (last && ends.some(({ hash }) => equalBytes(hash, last.hash))) {
          throw new RequestError('bad-answer', `the headers up to ${toHex(last.hash)} came twice`)
        }
        const added = chain.add(headers, branch)
        if ((added.branch?.headers.length ?? 0) > MAX_BRANCH) {
          throw new RequestError('bad-answer', `more than ${MAX_BRANCH} headers have less work than ours`)
        }
        if (added.added > 0) peer.updateLastBlock(chain.height)
        const goal = Math.max(chain.height, peer.stats().lastBlock ?? 0)
        return {
          progress: { chain, ...added, height: chain.height, goal },
          more: headers.length === MAX_HEADERS,
          ends: last && added.added === 0 ? [...ends, last] : [],
        }
      }),
    )
  }
  return defer(() => {
    const chain = known ?? new HeaderChain(peer.network)
    return pageBehind(chain, {}).pipe(
      expand(page => (page.more ? pageBehind(chain, page) : EMPTY)),
      map(({ progress }) => progress),
    )
  })
}
