import { defer, EMPTY, expand, filter, finalize, map, type Observable, throwError } from 'rxjs'
import { HEADERS_TIMEOUT } from '../behaviors/stall.js'
import type { Channel } from '../peer/channel.js'
import { count } from '../peer/checks.js'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import type { Hash } from '../wire/hash.js'
import { type BlockHeader, HEADER_SIZE } from '../wire/header.js'
import { equalBytes, toHex } from '../wire/hex.js'
import { MAX_HEADERS } from '../wire/limits.js'
import type { List } from '../wire/list.js'
import { type GetHeadersOptions, getHeaders } from './get-headers.js'
import { HeaderChain, type HeadersAdded } from './header-chain.js'
import { PackedBranch } from './packed-branch.js'
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

/** How to sync. */
export interface SyncHeadersOptions extends Omit<GetHeadersOptions, 'stop'> {
  /**
   * The height above which no more headers are asked for: it fails with `bad-answer` where the remote has more. Default: the
   * height that the remote says it has, or ours where that is more, and 50,000; but never more than one header for each
   * minute since the network's first block, and 50,000. So a remote that makes headers for ever, each with the least
   * work that the network allows, gets 6 MB of memory at a sync, and with any number of syncs and any claim some 1 GB of
   * mainnet. Honest chains are far below: mainnet has a block each 9 minutes, testnet3 one each 2.
   */
  readonly maxHeight?: number | undefined
}

/**
 * Headers that a remote may tell beside our chain, in one branch or many, before one has more work than what it would
 * replace; fewer where they would take more than requests may hold back.
 */
const MAX_BESIDE = 50_000
/** Headers that a remote may tell beyond the height that it claims, or that time allows. */
const MAX_BEYOND = 50_000
/** Seconds in which no more than one header is believed, over the life of a network. */
const MIN_SPACING = 60

/** What is known behind a page, of it and of those before it since the chain has grown. */
interface Behind {
  /** Whether there is more to ask for. */
  readonly more: boolean
  /** Hash of the last header that the remote told; `undefined` where it is our tip. */
  readonly end: Hash | undefined
  /** Height of the last header of those that are known. */
  readonly known: number
  /** How many were told beside the chain. */
  readonly beside: number
  /** What is beside the chain and may be continued. */
  readonly branch: PackedBranch | undefined
  /** The tip of our chain by then. */
  readonly tip: BlockHeader
}

/** What came of one page. */
interface Page {
  /** `undefined` where the chain is no longer the one that was asked about. */
  readonly progress: HeadersProgress | undefined
  readonly behind: Behind
}

/** Where nothing has come that counts. */
function beginning({ tip }: HeaderChain): Behind {
  return { more: true, end: undefined, known: 0, beside: 0, branch: undefined, tip }
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

const beyond = (limit: number): RequestError =>
  new RequestError(
    'bad-answer',
    `headers beyond height ${limit}, which is more than it claims, or than time allows`,
  )

/** Height above which a remote is not believed any more. */
function heightLimit({ clock, network }: Channel, claimed: number): number {
  const age = Math.max(0, clock.epoch() / 1_000 - network.genesis.time)
  return Math.min(claimed, Math.floor(age / MIN_SPACING)) + MAX_BEYOND
}

/**
 * Whether headers follow what our chain had when they were asked for, and has no more: somebody else who follows with
 * it, or a handler of ours, has replaced that meanwhile.
 */
function isOvertaken(chain: HeaderChain, headers: List<BlockHeader>, { branch, tip }: Behind): boolean {
  const first = headers.at(0)
  if (first === undefined || chain.tip === tip) return false
  const continued = branch !== undefined && equalBytes(branch.at(-1).hash, first.previousBlock)
  return chain.heightOf((continued ? branch.at(0) : first).previousBlock) === undefined
}

/** Adds a page to the chain. */
function take(chain: HeaderChain, headers: List<BlockHeader>, before: Behind, maxBeside: number): Page {
  const last = headers.at(-1)
  const added = chain.add(headers, before.branch)
  const { branch } = added
  const grown = added.added > 0
  const behind: Behind = {
    more: headers.length === MAX_HEADERS,
    end: grown ? undefined : last?.hash.slice(),
    known: grown ? 0 : ((last && chain.heightOf(last.hash)) ?? before.known),
    beside: grown ? 0 : before.beside + (branch ? headers.length : 0),
    branch: branch && PackedBranch.of(branch),
    tip: chain.tip,
  }
  // Else a remote that tells the same again and again, or ever more that is no use, would keep us busy for ever.
  if (behind.more && !grown && branch === undefined && behind.known <= before.known) {
    throw new RequestError('bad-answer', `the headers up to ${last && toHex(last.hash)} came twice`)
  }
  if (behind.beside > maxBeside) {
    throw new RequestError('bad-answer', `more than ${maxBeside} headers have less work than ours`)
  }
  return { progress: { chain, ...added, height: chain.height, goal: chain.height }, behind }
}

/**
 * Fetches headers page by page until the remote has no more, checks that they connect and have their work, and emits
 * the progress after each page; completes when the remote has no more. A reorganisation of the remote, before or on the
 * way, is followed: its headers replace ours behind the fork as soon as they have more work.
 *
 * Several may follow with one chain, at one peer or many, and ask from within each other's handlers: each page is worked
 * in at once, and what another has brought meanwhile is not asked for again. See `getHeaders` for which headers
 * `messages$` and `on()` get besides, so that who syncs at every announcement comes to an end.
 *
 * Errors as `getHeaders` does, and with `bad-answer` for headers that the chain refuses, for known ones that are told
 * again, for more than 50,000 that have less work than what they would replace, and for more than `maxHeight` allows. The
 * chain keeps what was good.
 * @param known - the headers that are known already; changed in place. Default: a new one from the first block on
 * @throws TypeError at the call, for options that make no sense
 * @example syncHeaders(peer).subscribe({ next: ({ height, goal }) => console.log(height, goal), error: console.error })
 */
export function syncHeaders(
  peer: Peer,
  known?: HeaderChain,
  { maxHeight, ...options }: SyncHeadersOptions = {},
): Observable<HeadersProgress> {
  const asking = patience(options, HEADERS_TIMEOUT)
  if (maxHeight !== undefined) count('maxHeight', maxHeight)
  return defer(() => {
    const channel = channelOf(peer)
    const chain = known ?? new HeaderChain(channel.network)
    const claimed = () => Math.max(chain.height, peer.stats().lastBlock ?? 0)
    const limit = maxHeight ?? heightLimit(channel, claimed())
    const maxBeside = Math.min(MAX_BESIDE, Math.floor(channel.requestLimit / HEADER_SIZE))
    let release = () => {}
    const workIn = (headers: List<BlockHeader>, before: Behind): Page => {
      if (isOvertaken(chain, headers, before)) return { progress: undefined, behind: beginning(chain) }
      const page = take(chain, headers, before, maxBeside)
      const { branch, more, tip } = page.behind
      release()
      release = channel.charge(branch?.size ?? 0)
      if (tip !== before.tip) channel.updateLastBlock(chain.height)
      if (more && chain.height > limit) throw beyond(limit)
      return { ...page, progress: page.progress && { ...page.progress, goal: claimed() } }
    }
    const pageBehind = (before: Behind): Observable<Page> =>
      getHeaders(peer, locatorBehind(chain, before.end), asking).pipe(map(headers => workIn(headers, before)))
    // Else each sync would bring a page more.
    if (chain.height > limit) return throwError(() => beyond(limit))
    return pageBehind(beginning(chain)).pipe(
      expand(({ behind }) => (behind.more ? pageBehind(behind) : EMPTY)),
      map(({ progress }) => progress),
      filter(progress => progress !== undefined),
      finalize(() => release()),
    )
  })
}
