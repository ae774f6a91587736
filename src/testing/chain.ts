import type { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { bytesToHex } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import type { LocatorFields } from '../wire/locator.js'
import { checkMerkleRoot, checkWitnessCommitment } from '../wire/merkle.js'
import type { Network } from '../wire/network.js'
import { checkProofOfWork, headerWork, type ProofOfWorkRules } from '../wire/work.js'
import { type Coin, Coins, isMature, outpointKey } from './coins.js'

/** What can be wrong with a block, by stable code. */
export const blockFaults = {
  known: 'the block is already known',
  orphan: 'the block that it follows is not known',
  'bad-bits': 'the header has another target than the chain asks for',
  'no-work': 'the hash of the header does not meet the target',
  'bad-time': 'the time is not above the median of the eleven blocks before',
  'bad-merkle-root': 'the transactions are not those that the header commits to',
  'bad-commitment': 'the witnesses are not those that the coinbase commits to (BIP141)',
  'bad-coinbase': 'the first transaction, and only that, must be a coinbase',
  'bad-spend':
    'a transaction of the block, or of its branch, spends what does not exist, is spent, or is not mature',
} as const satisfies Record<string, string>

/** The code of a fault in a block. */
export type BlockFault = keyof typeof blockFaults

/** What happened to a chain at once. */
export interface ChainChange {
  /** Blocks that are no longer part of the chain, highest first; empty but for a reorganisation. */
  readonly disconnected: readonly Block[]
  /** Blocks that are part of it now, lowest first. */
  readonly connected: readonly Block[]
}

/** Blocks whose median time a new block must exceed (Core `nMedianTimeSpan`). */
const MEDIAN_TIME_SPAN = 11

/** A block that is known, on the chain or beside it. */
export interface KnownBlock {
  readonly block: Block
  readonly height: number
  /** `undefined` for the first block. */
  readonly parent: KnownBlock | undefined
  /** Of this block and all before it. */
  readonly work: bigint
  /** Whether nobody has to look at what its transactions spend. */
  trusted: boolean
  /** What its transactions spend; there since it was first part of the chain. */
  spent: readonly Coin[] | undefined
}

/**
 * The blocks from the first one on, what is unspent, and the branches beside them: the chain is the branch with the
 * most work, the earlier one of two that have as much. Pure: it knows no peers, clocks and dice.
 */
export class Chain {
  readonly network: Network
  readonly rules: ProofOfWorkRules
  readonly coins = new Coins()
  readonly #known = new Map<string, KnownBlock>()
  readonly #blocks: Block[] = []
  #best: KnownBlock

  /**
   * @param genesis - the first block; nothing of it is checked, and its outputs can never be spent, as in Core
   * @param hash - what must meet the target, see `ProofOfWorkRules`
   */
  constructor(network: Network, genesis: Block, hash?: ProofOfWorkRules['hash']) {
    this.network = network
    this.rules = { limit: network.powLimit, hash }
    const work = headerWork(genesis.header)
    this.#best = { block: genesis, height: 0, parent: undefined, work, trusted: true, spent: [] }
    this.#blocks.push(genesis)
    this.#known.set(bytesToHex(genesis.hash), this.#best)
  }

  get height(): number {
    return this.#best.height
  }

  /** Header of the last block. */
  get tip(): BlockHeader {
    return this.#best.block.header
  }

  /** The last block. */
  get best(): KnownBlock {
    return this.#best
  }

  /** The target that every block has to name: regtest and simnet keep the one of the first block. */
  get bits(): number {
    return this.network.genesis.bits
  }

  /** The blocks by height. */
  get blocks(): List<Block> {
    return this.#blocks
  }

  /** A block, also one beside the chain. */
  known(hash: Hash): KnownBlock | undefined {
    return this.#known.get(bytesToHex(hash))
  }

  /** A block of this chain at a height. */
  at(height: number): KnownBlock | undefined {
    const block = this.#blocks[height]
    return block && this.known(block.hash)
  }

  /** The height of a block of this chain; `undefined` also for one beside it. */
  heightOf(hash: Hash): number | undefined {
    const known = this.known(hash)
    return known && this.#blocks[known.height] === known.block ? known.height : undefined
  }

  /** A block, also one beside the chain: remotes ask for what was just replaced. */
  block(hash: Hash): Block | undefined {
    return this.known(hash)?.block
  }

  /**
   * The blocks behind the best one of a locator that is in this chain, the first block where none is.
   * @param limit - the most blocks that are answered
   */
  after({ locator }: Pick<LocatorFields, 'locator'>, limit: number): readonly Block[] {
    let common = 0
    for (const hash of locator) {
      const height = this.heightOf(hash)
      if (height === undefined) continue
      common = height
      break
    }
    return this.#blocks.slice(common + 1, common + 1 + limit)
  }

  /**
   * What is wrong with a block, as far as that can be told before it is part of the chain: all but what its
   * transactions spend. Scripts and signatures are never looked at.
   */
  check(block: Block): Exclude<BlockFault, 'bad-spend'> | undefined {
    const { header } = block
    if (this.known(header.hash)) return 'known'
    const parent = this.known(header.previousBlock)
    if (parent === undefined) return 'orphan'
    if (header.bits !== this.bits) return 'bad-bits'
    if (!checkProofOfWork(header, this.rules)) return 'no-work'
    if (header.time <= medianTime(parent)) return 'bad-time'
    if (!checkMerkleRoot(block)) return 'bad-merkle-root'
    if (!checkWitnessCommitment(block)) return 'bad-commitment'
    let first = true
    for (const tx of block.transactions) {
      if (tx.isCoinbase !== first) return 'bad-coinbase'
      first = false
    }
    return first ? 'bad-coinbase' : undefined
  }

  /**
   * Notes a block whose parent is known; whether it is a good one is the caller's business. It becomes part of the
   * chain by `activate`.
   * @param trusted - whether what its transactions spend is taken as it is
   */
  add(block: Block, { trusted }: { readonly trusted: boolean }): KnownBlock {
    const parent = this.known(block.header.previousBlock)
    if (parent === undefined) throw new TypeError('the block before is not known')
    const known: KnownBlock = {
      block,
      height: parent.height + 1,
      parent,
      work: parent.work + headerWork(block.header),
      trusted,
      spent: undefined,
    }
    this.#known.set(bytesToHex(block.hash), known)
    return known
  }

  /**
   * Makes the branch that ends in `tip` the chain, where it has more work. A branch with a bad spend is forgotten from
   * that block on, and the chain stays as it was.
   */
  activate(tip: KnownBlock): ChainChange | 'kept' | 'bad-spend' {
    if (tip.work <= this.#best.work) return 'kept'
    const branch: KnownBlock[] = []
    let fork: KnownBlock | undefined = tip
    for (; fork && this.heightOf(fork.block.hash) === undefined; fork = fork.parent) branch.unshift(fork)
    const replaced: KnownBlock[] = []
    while (this.#best !== fork) replaced.push(this.#disconnect())
    for (const known of branch) {
      if (this.#connect(known)) continue
      while (this.#best !== fork) this.#disconnect()
      for (const old of replaced.reverse()) this.#connect(old)
      this.#forget(known)
      return 'bad-spend'
    }
    return { disconnected: replaced.map(({ block }) => block), connected: branch.map(({ block }) => block) }
  }

  #connect(known: KnownBlock): boolean {
    if (!known.trusted && !this.#canSpend(known)) return false
    known.trusted = true
    known.spent = this.coins.connect(known.block, known.height)
    this.#blocks.push(known.block)
    this.#best = known
    return true
  }

  #disconnect(): KnownBlock {
    const last = this.#best
    if (last.parent === undefined) throw new TypeError('the first block cannot be disconnected')
    this.coins.disconnect(last.block, last.spent ?? [])
    this.#blocks.pop()
    this.#best = last.parent
    return last
  }

  /** Forgets a block and all that follow it. */
  #forget(bad: KnownBlock): void {
    // Parents stand before their children.
    const gone = new Set<KnownBlock | undefined>([bad])
    for (const [key, known] of this.#known) {
      if (known === bad || gone.has(known.parent)) {
        gone.add(known)
        this.#known.delete(key)
      }
    }
  }

  /** Whether what the transactions of a block spend is there, in a block that comes next. */
  #canSpend({ block, height }: KnownBlock): boolean {
    const made = new Set<string>()
    const spent = new Set<string>()
    for (const tx of block.transactions) {
      // The coinbase of this very block is not mature, so that what it makes does not count.
      if (tx.isCoinbase) continue
      for (const { outpoint } of tx.inputs) {
        const key = outpointKey(outpoint)
        const coin = this.coins.get(outpoint)
        if (spent.has(key) || !(made.has(key) || (coin && isMature(coin, height)))) return false
        spent.add(key)
      }
      const { txid, outputs } = tx
      for (let index = 0; index < outputs.length; index += 1) made.add(outpointKey({ txid, index }))
    }
    return true
  }
}

function medianTime(last: KnownBlock): number {
  const times: number[] = []
  let known: KnownBlock | undefined = last
  for (; known && times.length < MEDIAN_TIME_SPAN; known = known.parent) times.push(known.block.header.time)
  times.sort((a, b) => a - b)
  return times[times.length >> 1] ?? 0
}
