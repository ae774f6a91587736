import { type Hash, zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { equalBytes, toHex } from '../wire/hex.js'
import { type List, ListView } from '../wire/list.js'
import { locatorHeights } from '../wire/locator.js'
import type { Network } from '../wire/network.js'
import { checkProofOfWork, type ProofOfWorkRules } from '../wire/work.js'
import { HeaderStore } from './header-store.js'
import { type HeaderBranch, PackedBranch } from './packed-branch.js'
import { RequestError } from './request-error.js'
import { WorkMemo } from './work-memo.js'

/** What {@link HeaderChain.add} did. */
export interface HeadersAdded {
  /** How many were new. */
  readonly added: number
  /** How many at the end of the chain before were replaced. */
  readonly replaced: number
  /** What is not part of the chain because it lacks work; `undefined` where all is. */
  readonly branch?: HeaderBranch | undefined
}

/** How a {@link HeaderChain} is made. */
export interface HeaderChainOptions {
  /** Another proof-of-work hash, for chains that are not bitcoin's. Default: SHA256d of the header. */
  readonly powHash?: ProofOfWorkRules['hash']
}

/**
 * The headers of the chain with the most work that is known, from the network's first block on; some 125 bytes each.
 * Continuity and each header's own work are checked; the rules by which difficulty changes are not.
 */
export class HeaderChain {
  readonly #rules: ProofOfWorkRules
  readonly #works = new WorkMemo()
  readonly #store = new HeaderStore(this.#works)
  #tip: BlockHeader

  constructor(network: Network, { powHash }: HeaderChainOptions = {}) {
    this.#rules = { limit: network.powLimit, ...(powHash && { hash: powHash }) }
    this.#tip = network.genesis
    this.#store.push(network.genesis)
  }

  /** Height of the last header; the first block has 0. */
  get height(): number {
    return this.#store.length - 1
  }

  /** The last header. */
  get tip(): BlockHeader {
    return this.#tip
  }

  /** The work in all headers together: the hashes that it takes on average to find them. The best chain has the most. */
  get work(): bigint {
    return this.#store.work
  }

  /** The header at a height; `undefined` above the tip. Made anew each time. */
  at(height: number): BlockHeader | undefined {
    return this.#store.at(height)
  }

  /** The id of the block at a height, wire order; `undefined` above the tip. Costs less than `at(height).hash`. */
  hashAt(height: number): Hash | undefined {
    return this.#store.hashAt(height)
  }

  /** The height of a block of this chain; `undefined` for any other. */
  heightOf(hash: Hash): number | undefined {
    return this.#store.heightOf(hash)
  }

  /** The block locator of this chain, newest first. */
  locator(): Hash[] {
    return locatorHeights(this.height).map(height => this.#store.hashAt(height) ?? zeroHash)
  }

  /**
   * Adds headers that follow a header of this chain. Where they leave it before its tip they replace what is behind,
   * if they have more work than that; else nothing changes, and they are the `branch` of the result.
   * @param branch - what an earlier call has left beside the chain: headers that follow it are counted with it
   * @throws RequestError `bad-answer` where they connect to nothing here, not to each other, or lack work
   */
  add(headers: List<BlockHeader>, branch?: HeaderBranch): HeadersAdded {
    const given = this.#checked(headers)
    const [first] = given
    if (first === undefined) return { added: 0, replaced: 0, branch }
    const before = branch && PackedBranch.of(branch)
    const end = before?.at(-1)
    const continued = end && equalBytes(first.previousBlock, end.hash) ? before : undefined
    const length = continued?.length ?? 0
    const candidate = new ListView(length + given.length, i =>
      continued && i < length ? continued.at(i) : (given[i - length] ?? first),
    )
    return this.#decide(candidate, (continued?.work ?? 0n) + this.#works.ofAll(given))
  }

  /** Makes headers part of the chain where they have more work than what they would replace. */
  #decide(headers: List<BlockHeader>, work: bigint): HeadersAdded {
    const first = headers.at(0)
    const fork = first && this.#store.heightOf(first.previousBlock)
    if (first === undefined || fork === undefined) {
      throw new RequestError(
        'bad-answer',
        `header ${first && toHex(first.hash)} follows no header of the chain`,
      )
    }
    // What is here already is no branch.
    const known = this.#knownOf(headers, fork)
    if (known === headers.length) return { added: 0, replaced: 0 }
    const added =
      known === 0 ? headers : new ListView(headers.length - known, i => headers.at(known + i) ?? first)
    const base = fork + known
    const replaced = this.height - base
    const addedWork = known === 0 ? work : this.#works.ofAll(added)
    if (replaced > 0 && addedWork <= this.#store.work - this.#store.workOf(base + 1)) {
      return { added: 0, replaced: 0, branch: PackedBranch.from({ headers: added, work: addedWork }) }
    }
    this.#store.truncate(base + 1)
    for (const header of added) this.#store.push(header)
    this.#tip = this.#store.at(this.height) ?? this.#tip
    return { added: added.length, replaced }
  }

  /** How many of the first headers stand in this chain, right behind a height. */
  #knownOf(headers: List<BlockHeader>, fork: number): number {
    let known = 0
    for (const { hash } of headers) {
      if (!this.#store.isAt(fork + 1 + known, hash)) break
      known += 1
    }
    return known
  }

  /** The headers, which follow each other and have their work. */
  #checked(list: List<BlockHeader>): readonly BlockHeader[] {
    let previous: Hash | undefined
    const headers = Array.from(list)
    for (const header of headers) {
      if (previous !== undefined && !equalBytes(header.previousBlock, previous)) {
        throw new RequestError('bad-answer', `header ${toHex(header.hash)} does not follow the one before it`)
      }
      if (!checkProofOfWork(header, this.#rules)) {
        throw new RequestError('bad-answer', `header ${toHex(header.hash)} lacks work`)
      }
      previous = header.hash
    }
    return headers
  }
}
