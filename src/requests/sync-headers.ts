import { defer, EMPTY, expand, map, type Observable } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { BlockHeader } from '../wire/header.js'
import { equalBytes, toHex } from '../wire/hex.js'
import { MAX_HEADERS } from '../wire/limits.js'
import type { List } from '../wire/list.js'
import { type GetHeadersOptions, getHeaders } from './get-headers.js'
import { HeaderChain, type HeadersAdded } from './header-chain.js'
import { RequestError } from './request-error.js'

/** How far {@link syncHeaders} is. */
export interface HeadersProgress extends HeadersAdded {
  /** The chain so far. */
  readonly chain: HeaderChain
  /** Height of its tip. */
  readonly height: number
  /** The remote's best height as far as it told; the goal. */
  readonly goal: number
}

/** Pages in a row that brought the chain nothing: what the remote has behind a fork, until it has more work. */
interface Branch {
  readonly headers: readonly BlockHeader[]
  /** Hashes of the last headers of the pages. */
  readonly ends: ReadonlySet<string>
}

/** What came of one page. */
interface Page {
  readonly more: boolean
  readonly branch: Branch
  readonly progress: HeadersProgress
}

const noBranch: Branch = { headers: [], ends: new Set() }

/** A branch with one more page. */
function longer({ headers, ends }: Branch, page: List<BlockHeader>): Branch {
  const [last, first] = [page.at(-1), page.at(0)]
  if (last === undefined || first === undefined) return noBranch
  // Else a remote that tells the same again and again would keep us busy for ever.
  const end = toHex(last.hash)
  if (ends.has(end)) throw new RequestError('bad-answer', `the headers up to ${end} came twice`)
  const before = headers.at(-1)
  const follows = before !== undefined && equalBytes(first.previousBlock, before.hash)
  // Copies: they would keep the whole payload alive otherwise.
  const copies = Array.from(page, ({ bytes }) => new BlockHeader(bytes.slice()))
  return { headers: follows ? [...headers, ...copies] : copies, ends: new Set([...ends, end]) }
}

/**
 * Fetches headers page by page until the remote has no more, checks that they connect and have their work, and emits
 * the progress after each page; completes when the remote has no more. A reorganisation of the remote, before or on the
 * way, is followed however deep it is: its headers replace ours behind the fork as soon as they have more work.
 * Errors as `getHeaders` does, and with `bad-answer`; the chain keeps what was good.
 * @param known - the headers that are known already; changed in place. Default: a new one from the first block on
 * @example syncHeaders(peer).subscribe({ next: ({ height, goal }) => console.log(height, goal), error: console.error })
 */
export function syncHeaders(
  peer: Peer,
  known?: HeaderChain,
  options: Omit<GetHeadersOptions, 'stop'> = {},
): Observable<HeadersProgress> {
  const pageOf = (chain: HeaderChain, branch: Branch): Observable<Page> => {
    const end = branch.headers.at(-1)
    const locator = end === undefined ? chain.locator() : [end.hash, ...chain.locator()]
    return getHeaders(peer, locator, options).pipe(
      map(headers => {
        const candidate = longer(branch, headers)
        const { added, replaced } = chain.add(candidate.headers)
        if (added > 0) peer.updateLastBlock(chain.height)
        const goal = Math.max(chain.height, peer.stats().lastBlock ?? 0)
        const progress: HeadersProgress = { chain, added, replaced, height: chain.height, goal }
        const more = headers.length === MAX_HEADERS
        return { more, branch: added > 0 ? noBranch : candidate, progress }
      }),
    )
  }
  return defer(() => {
    const chain = known ?? new HeaderChain(peer.network)
    return pageOf(chain, noBranch).pipe(
      expand(({ more, branch }) => (more ? pageOf(chain, branch) : EMPTY)),
      map(({ progress }) => progress),
    )
  })
}
