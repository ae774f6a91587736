import {
  Block,
  BlockHeader,
  checkMerkleRoot,
  checkWitnessCommitment,
  decodeMessage,
  Transaction,
} from 'rxpeer/wire'
import { retained } from '../../support/retained.js'
import { split } from '../parts.js'
import type { Tasks } from '../serve.js'

function readBlock(block: Block): number {
  let sum = 0
  for (const tx of block.transactions) {
    sum += (tx.version >>> 0) + tx.lockTime
    for (const input of tx.inputs) {
      const { txid, index } = input.outpoint
      const script = input.scriptSig
      sum += txid[0]! + index + script.length + (script[0] ?? 0) + input.sequence
      for (const item of input.witness) sum += item.length + (item[0] ?? 0)
    }
    for (const output of tx.outputs) {
      const script = output.scriptPubKey
      sum += Number(output.value) + script.length + (script[0] ?? 0)
    }
  }
  return sum
}

/** The block put together anew from its fields, as who kept only those would have it. */
function rebuilt(block: Block): Uint8Array {
  const transactions = Array.from(block.transactions, ({ version, inputs, outputs, lockTime }) =>
    Transaction.from({ version, inputs, outputs, lockTime }),
  )
  const { version, previousBlock, merkleRoot, time, bits, nonce } = block.header
  return Block.from(BlockHeader.from({ version, previousBlock, merkleRoot, time, bits, nonce }), transactions)
    .bytes
}

function checkBlock(input: Uint8Array): number {
  const block = Block.decode(input)
  // A block that fails early would be checked for nothing.
  if (!checkMerkleRoot(block) || !checkWitnessCommitment(block)) throw new Error('not a sound block')
  return 1
}

/** Blocks that are kept to see what one keeps. */
const KEPT = 20

function txid(payload: Uint8Array): Uint8Array {
  const message = decodeMessage('tx', payload)
  if (message.command !== 'tx') throw new Error('not a transaction')
  return message.transaction.txid
}

function sum(ids: readonly Uint8Array[]): number {
  let total = 0
  for (const id of ids) total += id[0]!
  return total
}

export const blocks: Tasks = {
  'block-decode': input => ({
    run: () => Block.decode(input).transactions.length,
    digest: () => [rebuilt(Block.decode(input))],
  }),
  'block-fields': input => ({
    run: () => readBlock(Block.decode(input)),
    digest: () => [rebuilt(Block.decode(input))],
  }),
  'block-txids': input => ({
    run: () => sum(Block.decode(input).txids()),
    digest: () => Block.decode(input).txids(),
  }),
  'block-check': input => ({
    run: () => checkBlock(input),
    digest: () => [Uint8Array.of(checkBlock(input))],
  }),
  'block-heap': input => ({
    gauge: async () => retained(KEPT, () => input.slice(), Block.decode) / input.length,
  }),
  'block-heap-read': input => ({
    gauge: async () => {
      const read = (bytes: Uint8Array) => {
        const block = Block.decode(bytes)
        readBlock(block)
        return block
      }
      return retained(KEPT, () => input.slice(), read) / input.length
    },
  }),
  'tx-id': input => {
    const parts = split(input)
    return {
      run: () => {
        let total = 0
        for (const part of parts) total += txid(part)[0]!
        return total
      },
      digest: () => parts.map(txid),
    }
  },
}
