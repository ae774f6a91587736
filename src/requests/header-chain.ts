import { HASH_SIZE, type Hash, zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { equalBytes, toHex } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import { locatorHeights } from '../wire/locator.js'
import type { Network } from '../wire/network.js'
import type { ProofOfWorkRules } from '../wire/work.js'
import { Difficulty } from './difficulty.js'
import { HeaderStore } from './header-store.js'
import { type HeaderBranch, PackedBranch } from './packed-branch.js'
import { bitsAt, PackedHeaders } from './packed-headers.js'
import { RequestError } from './request-error.js'

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
  readonly #powHash: ProofOfWorkRules['hash']
  readonly #difficulty: Difficulty
  readonly #store: HeaderStore
  #tip: BlockHeader

  constructor(network: Network, { powHash }: HeaderChainOptions = {}) {
    this.#powHash = powHash
    this.#difficulty = new Difficulty(network.powLimit)
    this.#store = new HeaderStore(this.#difficulty)
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
    if (headers.length === 0) return { added: 0, replaced: 0, branch }
    const given = PackedHeaders.of(headers)
    try {
      return this.#add(given, branch && PackedBranch.of(branch))
    } finally {
      given.release()
    }
  }

  #add(given: PackedHeaders, before: PackedBranch | undefined): HeadersAdded {
    this.#check(given)
    const continued = before && equalBytes(given.previousAt(0), before.at(-1).hash) ? before : undefined
    const work = this.#difficulty.workOf(given.bytes, 0, given.length)
    if (continued === undefined) return this.#decide(given, work)
    return this.#decide(continued.run.followedBy(given), continued.work + work)
  }

  /** Makes headers part of the chain where they have more work than what they would replace. */
  #decide(run: PackedHeaders, work: bigint): HeadersAdded {
    const fork = this.#store.heightOf(run.previousAt(0))
    if (fork === undefined) {
      throw new RequestError('bad-answer', `header ${toHex(run.hashAt(0))} follows no header of the chain`)
    }
    // What is here already is no branch.
    const known = this.#knownOf(run, fork)
    if (known === run.length) return { added: 0, replaced: 0 }
    const added = run.from(known)
    const base = fork + known
    const replaced = this.height - base
    const addedWork = known === 0 ? work : this.#difficulty.workOf(added.bytes, 0, added.length)
    if (replaced > 0 && addedWork <= this.#store.work - this.#store.workOf(base + 1)) {
      return { added: 0, replaced: 0, branch: new PackedBranch(added, addedWork) }
    }
    this.#store.truncate(base + 1)
    this.#store.append(added)
    this.#tip = this.#store.at(this.height) ?? this.#tip
    return { added: added.length, replaced }
  }

  /** How many of the first headers stand in this chain, right behind a height. */
  #knownOf(run: PackedHeaders, fork: number): number {
    let known = 0
    while (known < run.length && this.#store.isAt(fork + 1 + known, run.hashAt(known))) known += 1
    return known
  }

  /** @throws RequestError where headers do not follow each other, or lack work */
  #check(run: PackedHeaders): void {
    const { bytes, hashes, length } = run
    const broken = run.brokenAt()
    const powHash = this.#powHash
    for (let i = 0; i < length; i += 1) {
      if (i === broken) {
        throw new RequestError(
          'bad-answer',
          `header ${toHex(run.hashAt(i))} does not follow the one before it`,
        )
      }
      const bits = bitsAt(bytes, i)
      const isMet =
        powHash === undefined
          ? this.#difficulty.isMet(bits, hashes, HASH_SIZE * i)
          : this.#difficulty.isMet(bits, powHash(run.at(i)), 0)
      if (!isMet) throw new RequestError('bad-answer', `header ${toHex(run.hashAt(i))} lacks work`)
    }
  }
}
