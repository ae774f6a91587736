import type { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { bytesToHex, equalBytes } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import type { LocatorFields } from '../wire/locator.js'
import { checkMerkleRoot, checkWitnessCommitment } from '../wire/merkle.js'
import type { Network } from '../wire/network.js'
import { checkProofOfWork, type ProofOfWorkRules } from '../wire/work.js'
import { Coins, isMature, outpointKey } from './coins.js'

/** What can be wrong with a block, by stable code. */
export const blockFaults = {
  known: 'the block is already part of the chain',
  'not-on-tip': 'the block does not follow the tip of the chain',
  'bad-bits': 'the header has another target than the chain asks for',
  'no-work': 'the hash of the header does not meet the target',
  'bad-time': 'the time is not above the median of the eleven blocks before',
  'bad-merkle-root': 'the transactions are not those that the header commits to',
  'bad-commitment': 'the witnesses are not those that the coinbase commits to (BIP141)',
  'bad-coinbase': 'the first transaction, and only that, must be a coinbase',
  'bad-spend': 'a transaction spends what does not exist, is spent, or is not mature',
} as const satisfies Record<string, string>

/** The code of a fault in a block. */
export type BlockFault = keyof typeof blockFaults

/** Blocks whose median time a new block must exceed (Core `nMedianTimeSpan`). */
const MEDIAN_TIME_SPAN = 11

/** A chain of blocks from the first one on, and what is unspent in it. Pure: it knows no peers, clocks and dice. */
export class Chain {
  readonly network: Network
  readonly rules: ProofOfWorkRules
  readonly coins = new Coins()
  readonly #blocks: Block[] = []
  readonly #heights = new Map<string, number>()
  #tip: BlockHeader

  /** @param genesis - the first block; nothing of it is checked, and its outputs can never be spent, as in Core */
  constructor(network: Network, genesis: Block) {
    this.network = network
    this.rules = { limit: network.powLimit }
    this.#blocks.push(genesis)
    this.#heights.set(bytesToHex(genesis.hash), 0)
    this.#tip = genesis.header
  }

  get height(): number {
    return this.#blocks.length - 1
  }

  /** Header of the last block. */
  get tip(): BlockHeader {
    return this.#tip
  }

  /** The target that every block has to name: regtest and simnet keep the one of the first block. */
  get bits(): number {
    return this.network.genesis.bits
  }

  /** The blocks by height. */
  get blocks(): List<Block> {
    return this.#blocks
  }

  /** The height of a block of this chain. */
  heightOf(hash: Hash): number | undefined {
    return this.#heights.get(bytesToHex(hash))
  }

  /** A block of this chain. */
  block(hash: Hash): Block | undefined {
    const height = this.heightOf(hash)
    return height === undefined ? undefined : this.#blocks[height]
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

  /** What is wrong with a block that should come next. Scripts and signatures are not looked at. */
  check(block: Block): BlockFault | undefined {
    const { header } = block
    if (this.heightOf(header.hash) !== undefined) return 'known'
    if (!equalBytes(header.previousBlock, this.#tip.hash)) return 'not-on-tip'
    if (header.bits !== this.bits) return 'bad-bits'
    if (!checkProofOfWork(header, this.rules)) return 'no-work'
    if (header.time <= this.#medianTime()) return 'bad-time'
    if (!checkMerkleRoot(block)) return 'bad-merkle-root'
    if (!checkWitnessCommitment(block)) return 'bad-commitment'
    return this.#checkTransactions(block)
  }

  /** Adds a block; whether it is a good one is the caller's business. */
  connect(block: Block): void {
    const height = this.#blocks.length
    this.#blocks.push(block)
    this.#heights.set(bytesToHex(block.hash), height)
    this.#tip = block.header
    this.coins.connect(block, height)
  }

  #medianTime(): number {
    const times = this.#blocks.slice(-MEDIAN_TIME_SPAN).map(({ header }) => header.time)
    times.sort((a, b) => a - b)
    return times[times.length >> 1] ?? 0
  }

  #checkTransactions({ transactions }: Block): BlockFault | undefined {
    const made = new Set<string>()
    const spent = new Set<string>()
    let first = true
    for (const tx of transactions) {
      if (tx.isCoinbase !== first) return 'bad-coinbase'
      for (const { outpoint } of first ? [] : tx.inputs) {
        const key = outpointKey(outpoint)
        const coin = this.coins.get(outpoint)
        if (spent.has(key) || !(made.has(key) || (coin && isMature(coin, this.#blocks.length))))
          return 'bad-spend'
        spent.add(key)
      }
      const { txid, outputs } = tx
      // The coinbase of this very block is not mature.
      if (!first)
        for (let index = 0; index < outputs.length; index += 1) made.add(outpointKey({ txid, index }))
      first = false
    }
    return first ? 'bad-coinbase' : undefined
  }
}
