import { defer, EMPTY, expand, map, type Observable } from 'rxjs'
import { HEADERS_TIMEOUT } from '../behaviors/stall.js'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import type { Hash } from '../wire/hash.js'
import { toHex } from '../wire/hex.js'
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

/** Headers that a remote may tell beside our chain, in one branch or many, before one has more work than what it would replace. */
const MAX_BESIDE = 50_000

/** What came of one page, and of those before it since the chain has grown. */
interface Page {
  readonly progress: HeadersProgress
  /** Whether the remote has more. */
  readonly more: boolean
  /** Hash of the last header that the remote told; `undefined` where it is our tip. */
  readonly end: Hash | undefined
  /** Height of the last header of those that are known. */
  readonly known: number
  /** How many were told beside the chain. */
  readonly beside: number
}

/** Where the remote goes on behind the last header that it told, if it still has that; else where we have it. */
function locatorBehind(chain: HeaderChain, end: Hash | undefined): readonly Hash[] {
  const locator = chain.locator()
  if (end === undefined) return locator
  const height = chain.heightOf(end)
  // The best comes first: a remote that has our tip by now answers from there.
  const place = height === undefined ? 0 : locator.findIndex(hash => (chain.heightOf(hash) ?? 0) <= height)
  return [...locator.slice(0, place), end, ...locator.slice(place)]
}

/**
 * Fetches headers page by page until the remote has no more, checks that they connect and have their work, and emits
 * the progress after each page; completes when the remote has no more. A reorganisation of the remote, before or on the
 * way, is followed: its headers replace ours behind the fork as soon as they have more work.
 * Errors as `getHeaders` does, and with `bad-answer` for headers that the chain refuses, for known ones that are told
 * again, and for more than 50,000 that have less work than what they would replace. The chain keeps what was good.
 * @param known - the headers that are known already; changed in place. Default: a new one from the first block on
 * @example syncHeaders(peer).subscribe({ next: ({ height, goal }) => console.log(height, goal), error: console.error })
 */
export function syncHeaders(
  peer: Peer,
  known?: HeaderChain,
  options: Omit<GetHeadersOptions, 'stop'> = {},
): Observable<HeadersProgress> {
  const asking = patience(options, HEADERS_TIMEOUT)
  const pageBehind = (chain: HeaderChain, before: Page | undefined): Observable<Page> =>
    getHeaders(peer, locatorBehind(chain, before?.end), asking).pipe(
      map(headers => {
        const last = headers.at(-1)
        const { branch, ...added } = chain.add(headers, before?.progress.branch)
        if (added.added > 0) channelOf(peer).updateLastBlock(chain.height)
        const goal = Math.max(chain.height, peer.stats().lastBlock ?? 0)
        const page: Page = {
          progress: { chain, ...added, branch, height: chain.height, goal },
          more: headers.length === MAX_HEADERS,
          end: added.added > 0 ? undefined : last?.hash.slice(),
          known: added.added > 0 ? 0 : ((last && chain.heightOf(last.hash)) ?? before?.known ?? 0),
          beside: added.added > 0 ? 0 : (before?.beside ?? 0) + (branch ? headers.length : 0),
        }
        // Else a remote that tells the same again and again, or ever more that is no use, would keep us busy for ever.
        if (page.more && added.added === 0 && branch === undefined && page.known <= (before?.known ?? 0)) {
          throw new RequestError('bad-answer', `the headers up to ${last && toHex(last.hash)} came twice`)
        }
        if (page.beside > MAX_BESIDE) {
          throw new RequestError('bad-answer', `more than ${MAX_BESIDE} headers have less work than ours`)
        }
        return page
      }),
    )
  return defer(() => {
    const chain = known ?? new HeaderChain(channelOf(peer).network)
    return pageBehind(chain, undefined).pipe(
      expand(page => (page.more ? pageBehind(chain, page) : EMPTY)),
      map(({ progress }) => progress),
    )
  })
}
