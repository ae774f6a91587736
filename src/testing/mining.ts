import type { Random } from '../stream/environment.js'
import { Block } from '../wire/block.js'
import { Writer } from '../wire/cursor.js'
import { type Hash, sha256d, zeroHash } from '../wire/hash.js'
import { BlockHeader, type BlockHeaderFields, HEADER_SIZE } from '../wire/header.js'
import { merkleRoot } from '../wire/merkle.js'
import { Transaction } from '../wire/transaction.js'
import { bitsToTarget, checkProofOfWork, type ProofOfWorkRules, targetToWork } from '../wire/work.js'
import { ownScript } from './own-script.js'

/** What the first blocks pay, satoshi. */
const FIRST_SUBSIDY = 5_000_000_000n

/** Blocks between two halvings on regtest, the most frequent of all networks: what it allows, all allow. */
const HALVING_INTERVAL = 150

/** Hashes above which a block is not worth waiting for: a few seconds of one core. */
const MAX_WORK = 1n << 22n

/** Version of mined headers: BIP9's, with no bit that signals. */
const BLOCK_VERSION = 0x2000_0000

/** How a commitment's script starts. */
const commitmentStart = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed)

/** What is to become a block. */
export interface BlockPlan {
  readonly height: number
  readonly previousBlock: Hash
  /** Seconds since 1970. */
  readonly time: number
  readonly bits: number
  /** Without the coinbase; parents before their children. */
  readonly transactions: readonly Transaction[]
  /** What the transactions pay, satoshi. */
  readonly fees: bigint
  /** Makes coinbases of different nodes differ. */
  readonly random: Random
}

/**
 * Checks that blocks of this target can be mined here.
 * @throws TypeError where that would take too long, as on every public network
 */
export function assertMineable(name: string, bits: number): void {
  const target = bitsToTarget(bits)
  if (target === undefined || targetToWork(target) > MAX_WORK) {
    throw new TypeError(`${name} is too hard to mine here: take a network like regtest`)
  }
}

/** Mines a block with real work, paying subsidy and fees to OP_TRUE. */
export function mineBlock(plan: BlockPlan, rules: ProofOfWorkRules): Block {
  const { previousBlock, time, bits, transactions } = plan
  const coinbase = createCoinbase(plan)
  const all = [coinbase, ...transactions]
  const { root } = merkleRoot(all.map(tx => tx.txid))
  const header = mineHeader(
    { version: BLOCK_VERSION, previousBlock, merkleRoot: root, time, bits, nonce: 0 },
    rules,
  )
  return Block.from(header, all)
}

/** A header that meets its target, the first from nonce 0 on. */
export function mineHeader(fields: BlockHeaderFields, rules: ProofOfWorkRules): BlockHeader {
  const { bytes } = BlockHeader.from(fields)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let nonce = 0; nonce <= 0xffff_ffff; nonce += 1) {
    view.setUint32(HEADER_SIZE - 4, nonce, true)
    const header = new BlockHeader(bytes)
    if (checkProofOfWork(header, rules)) return header
  }
  throw new TypeError('no nonce meets the target')
}

function createCoinbase({ height, transactions, fees, random }: BlockPlan): Transaction {
  const extraNonce = random.bytes(8)
  const subsidy = FIRST_SUBSIDY >> BigInt(Math.floor(height / HALVING_INTERVAL))
  return Transaction.from({
    version: 2,
    inputs: [
      {
        outpoint: { txid: zeroHash, index: 0xffff_ffff },
        scriptSig: concat(pushHeight(height), Uint8Array.of(extraNonce.length), extraNonce),
        sequence: 0xffff_ffff,
        // The reserved value of BIP141, part of the commitment.
        witness: [zeroHash],
      },
    ],
    outputs: [
      { value: subsidy + fees, scriptPubKey: ownScript },
      { value: 0n, scriptPubKey: commitmentScript(transactions) },
    ],
    lockTime: 0,
  })
}

/** OP_RETURN and 36 bytes: BIP141's four, and SHA256d of the root of the wtxids and the reserved value. */
function commitmentScript(transactions: readonly Transaction[]): Uint8Array {
  const { root } = merkleRoot([zeroHash, ...transactions.map(tx => tx.wtxid)])
  return concat(commitmentStart, sha256d(concat(root, zeroHash)))
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer()
  for (const part of parts) writer.raw(part)
  return writer.finish()
}

/** The height as a script pushes it, which starts every coinbase (BIP34): shortest form, the highest bit is the sign. */
export function pushHeight(height: number): Uint8Array {
  if (height === 0) return Uint8Array.of(0x00)
  if (height <= 16) return Uint8Array.of(0x50 + height)
  const bytes: number[] = []
  for (let left = height; left > 0; left = Math.floor(left / 256)) bytes.push(left % 256)
  if (bytes[bytes.length - 1]! >= 0x80) bytes.push(0)
  return Uint8Array.of(bytes.length, ...bytes)
}
