import { type Hash, zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { equalBytes, toHex } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import { locatorHeights } from '../wire/locator.js'
import type { Network } from '../wire/network.js'
import { checkProofOfWork, headerWork, type ProofOfWorkRules } from '../wire/work.js'
import { HeaderStore } from './header-store.js'
import { RequestError } from './request-error.js'

/** What {@link HeaderChain.add} did. */
export interface HeadersAdded {
  /** How many were new. */
  readonly added: number
  /** How many at the end of the chain before were replaced. */
  readonly replaced: number
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
  readonly #store = new HeaderStore()
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
   * if they have more work than that; else nothing changes.
   * @throws RequestError `bad-answer` where they connect to nothing here, not to each other, or lack work
   */
  add(headers: List<BlockHeader>): HeadersAdded {
    const branch = this.#checked(headers)
    const [first] = branch
    if (first === undefined) return { added: 0, replaced: 0 }
    const fork = this.#store.heightOf(first.previousBlock)
    if (fork === undefined) {
      throw new RequestError('bad-answer', `header ${toHex(first.hash)} follows no header of the chain`)
    }
    // What is here already is no branch.
    const known = branch.findIndex(({ hash }, i) => !this.#store.isAt(fork + 1 + i, hash))
    if (known < 0) return { added: 0, replaced: 0 }
    const added = branch.slice(known)
    const base = fork + known
    const replaced = this.height - base
    if (replaced > 0 && workOf(added) <= this.#workBehind(base)) return { added: 0, replaced: 0 }
    this.#store.truncate(base + 1)
    for (const header of added) this.#store.push(header)
    this.#tip = this.#store.at(this.height) ?? this.#tip
    return { added: added.length, replaced }
  }

  #workBehind(height: number): bigint {
    let sum = 0n
    for (let at = height + 1; at <= this.height; at += 1) {
      const header = this.#store.at(at)
      if (header) sum += headerWork(header)
    }
    return sum
  }

  #checked(headers: List<BlockHeader>): readonly BlockHeader[] {
    let previous: Hash | undefined
    const branch = Array.from(headers)
    for (const header of branch) {
      if (previous !== undefined && !equalBytes(header.previousBlock, previous)) {
        throw new RequestError('bad-answer', `header ${toHex(header.hash)} does not follow the one before it`)
      }
      if (!checkProofOfWork(header, this.#rules)) {
        throw new RequestError('bad-answer', `header ${toHex(header.hash)} lacks work`)
      }
      previous = header.hash
    }
    return branch
  }
}

const workOf = (headers: readonly BlockHeader[]): bigint =>
  headers.reduce((sum, header) => sum + headerWork(header), 0n)
