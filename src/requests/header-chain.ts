import type { Hash } from '../wire/hash.js'
import { BlockHeader } from '../wire/header.js'
import { equalBytes, toHex } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import { locatorHeights } from '../wire/locator.js'
import type { Network } from '../wire/network.js'
import { checkProofOfWork, headerWork, type ProofOfWorkRules } from '../wire/work.js'
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
 * The headers of the chain with the most work that is known, from the network's first block on; 80 bytes and an index
 * entry each. Continuity and each header's own work are checked; the rules by which difficulty changes are not.
 */
export class HeaderChain {
  readonly #rules: ProofOfWorkRules
  readonly #headers: BlockHeader[]
  readonly #heights = new Map<string, number>()

  constructor(network: Network, { powHash }: HeaderChainOptions = {}) {
    this.#rules = { limit: network.powLimit, ...(powHash && { hash: powHash }) }
    this.#headers = [network.genesis]
    this.#heights.set(toHex(network.genesis.hash), 0)
  }

  /** Height of the last header; the first block has 0. */
  get height(): number {
    return this.#headers.length - 1
  }

  /** The last header. */
  get tip(): BlockHeader {
    return this.#headers[this.height]!
  }

  /** The header at a height; `undefined` above the tip. */
  at(height: number): BlockHeader | undefined {
    return this.#headers[height]
  }

  /** The height of a block of this chain; `undefined` for any other. */
  heightOf(hash: Hash): number | undefined {
    return this.#heights.get(toHex(hash))
  }

  /** The block locator of this chain, newest first. */
  locator(): Hash[] {
    return locatorHeights(this.height).map(height => this.#headers[height]!.hash)
  }

  /**
   * Adds headers that follow a header of this chain. Where they leave it before its tip they replace what is behind,
   * if they have more work than that; else nothing changes.
   * @throws RequestError `bad-answer` where they connect to nothing here, not to each other, or lack work
   */
  add(headers: List<BlockHeader>): HeadersAdded {
    const branch = this.#check(headers)
    const [first] = branch
    if (first === undefined) return { added: 0, replaced: 0 }
    const fork = this.#heights.get(toHex(first.previousBlock))
    if (fork === undefined) {
      throw new RequestError('bad-answer', `header ${toHex(first.hash)} follows no header of the chain`)
    }
    // What is here already is no branch.
    let known = 0
    while (known < branch.length && this.#isAt(fork + 1 + known, branch[known]!)) known += 1
    const added = branch.slice(known)
    const base = fork + known
    const replaced = this.#headers.slice(base + 1)
    if (added.length === 0 || (replaced.length > 0 && work(added) <= work(replaced))) {
      return { added: 0, replaced: 0 }
    }
    for (const header of replaced) this.#heights.delete(toHex(header.hash))
    this.#headers.length = base + 1
    for (const header of added) {
      this.#heights.set(toHex(header.hash), this.#headers.length)
      this.#headers.push(header)
    }
    return { added: added.length, replaced: replaced.length }
  }

  #isAt(height: number, header: BlockHeader): boolean {
    const here = this.#headers[height]
    return here !== undefined && equalBytes(here.hash, header.hash)
  }

  /** Copies of the headers, checked: they would keep the whole payload alive otherwise. */
  #check(headers: List<BlockHeader>): BlockHeader[] {
    let previous: Hash | undefined
    return Array.from(headers, ({ bytes }) => {
      const header = new BlockHeader(bytes.slice())
      if (previous !== undefined && !equalBytes(header.previousBlock, previous)) {
        throw new RequestError('bad-answer', `header ${toHex(header.hash)} does not follow the one before it`)
      }
      if (!checkProofOfWork(header, this.#rules)) {
        throw new RequestError('bad-answer', `header ${toHex(header.hash)} lacks work`)
      }
      previous = header.hash
      return header
    })
  }
}

const work = (headers: readonly BlockHeader[]): bigint =>
  headers.reduce((sum, header) => sum + headerWork(header), 0n)
