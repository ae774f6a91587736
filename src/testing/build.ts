import type { Block } from '../wire/block.js'
import { type Hash, sha256d } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { parseHost } from '../wire/host.js'
import type { TimedNetAddress } from '../wire/netaddress.js'
import { type Network, regtest } from '../wire/network.js'
import { Services } from '../wire/services.js'
import { Transaction, type TransactionFields } from '../wire/transaction.js'
import { TEST_EPOCH } from './marbles.js'
import { assertMineable, mineBlock } from './mining.js'
import { ownScript, ownWitness } from './own-script.js'
import { seededRandom } from './seeded-random.js'

/** Seconds between two built blocks. */
const BLOCK_INTERVAL = 600

/** A hash that follows from a number: `buildHash(1)` is always the same and never `buildHash(2)`. */
export function buildHash(seed: number): Hash {
  return sha256d(new TextEncoder().encode(`hash ${seed}`))
}

/** `count` different hashes, those of the seeds 1, 2, 3 … */
export function buildHashes(count: number): Hash[] {
  return Array.from({ length: count }, (_, i) => buildHash(i + 1))
}

/** What {@link buildTransaction} can be told. */
export interface TransactionPlan extends Partial<TransactionFields> {
  /** Another number, another transaction. Default 1. */
  readonly seed?: number | undefined
}

/**
 * A transaction in witness form: one input that spends output 0 of a made-up transaction, one output of 50,000
 * satoshi. No node takes it, since it spends what does not exist; `embeddedNode().spend()` makes one that does.
 */
export function buildTransaction({ seed = 1, ...fields }: TransactionPlan = {}): Transaction {
  return Transaction.from({
    version: 2,
    inputs: [
      {
        outpoint: { txid: buildHash(seed), index: 0 },
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_ffff,
        witness: ownWitness,
      },
    ],
    outputs: [{ value: 50_000n, scriptPubKey: ownScript }],
    lockTime: 0,
    ...fields,
  })
}

/** What {@link buildBlocks} and {@link buildHeaders} can be told. */
export interface ChainPlan {
  /** Default: regtest. Its blocks must be as easy to mine. */
  readonly network?: Network | undefined
  /** The block that the first one follows. Default: the first block of the network. */
  readonly previous?: BlockHeader | undefined
  /** Height of the first one, which its coinbase names. Default 1. */
  readonly height?: number | undefined
  /** Another number, other blocks at the same place: a fork. Default 1. */
  readonly seed?: number | undefined
}

/** What {@link buildBlock} can be told. */
export interface BuiltBlockPlan extends ChainPlan {
  /** Behind the coinbase. Default: none. */
  readonly transactions?: readonly Transaction[] | undefined
}

/**
 * A block with real work, a coinbase, merkle root and witness commitment (BIP141), ten minutes after the one before it.
 * @throws TypeError where the network is too hard to mine here, as every public one
 */
export function buildBlock(plan: BuiltBlockPlan = {}): Block {
  const { network = regtest, previous = network.genesis, height = 1, seed = 1, transactions = [] } = plan
  assertMineable(network.name, network.genesis.bits)
  return mineBlock(
    {
      height,
      previousBlock: previous.hash,
      time: previous.time + BLOCK_INTERVAL,
      bits: network.genesis.bits,
      transactions,
      fees: 0n,
      random: seededRandom(seed),
    },
    { limit: network.powLimit },
  )
}

/** `count` blocks, each on the one before it; see {@link buildBlock}. */
export function buildBlocks(count: number, plan: ChainPlan = {}): Block[] {
  const { height = 1 } = plan
  const blocks: Block[] = []
  for (let i = 0; i < count; i += 1) {
    const previous = blocks.at(-1)?.header ?? plan.previous
    blocks.push(buildBlock({ ...plan, previous, height: height + i }))
  }
  return blocks
}

/**
 * `count` headers with real work, each on the one before it.
 * @example
 * const headers = buildHeaders(10)
 * const fork = buildHeaders(7, { previous: headers[4], height: 6, seed: 2 })
 */
export function buildHeaders(count: number, plan: ChainPlan = {}): BlockHeader[] {
  return buildBlocks(count, plan).map(({ header }) => header)
}

/** The fields of an address but its bytes, for {@link buildAddress}. */
export type AddressPlan = Partial<Pick<TimedNetAddress, 'port' | 'services' | 'time'>>

/**
 * The address of a node: services `network` and `witness`, port 8333, seen on 2023-11-14.
 * @param host - IPv4, IPv6, `….onion` or `….b32.i2p`
 * @throws TypeError for any other text, such as a name
 */
export function buildAddress(host: string, fields: AddressPlan = {}): TimedNetAddress {
  const parsed = parseHost(host)
  if (parsed === undefined) throw new TypeError(`"${host}" is not an address`)
  return {
    ...parsed,
    port: 8333,
    services: Services.network | Services.witness,
    time: TEST_EPOCH / 1000,
    ...fields,
  }
}
