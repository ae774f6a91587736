import { Block, Transaction } from 'bitcoinjs-lib'
import { retained } from '../support/retained.js'
import { split } from './parts.js'
import { serve } from './serve.js'

const transactions = (input: Uint8Array): Transaction[] => {
  const { transactions } = Block.fromBuffer(input)
  if (transactions === undefined) throw new Error('a block without transactions')
  return transactions
}
const rebuilt = (input: Uint8Array) => [Block.fromBuffer(input).toBuffer()]

function readAll(all: readonly Transaction[]): number {
  let sum = 0
  for (const tx of all) {
    sum += (tx.version >>> 0) + tx.locktime
    for (const { hash, index, script, sequence, witness } of tx.ins) {
      sum += hash[0]! + index + script.length + (script[0] ?? 0) + sequence
      for (const item of witness) sum += item.length + (item[0] ?? 0)
    }
    for (const { value, script } of tx.outs) sum += Number(value) + script.length + (script[0] ?? 0)
  }
  return sum
}

const readBlock = (input: Uint8Array) => readAll(transactions(input))

/** Blocks that are kept to see what one keeps. */
const KEPT = 20

const ids = (input: Uint8Array) => transactions(input).map(tx => tx.getHash())
const idOfEach = (input: Uint8Array) => split(input).map(part => Transaction.fromBuffer(part).getHash())
const sum = (hashes: readonly Uint8Array[]) => hashes.reduce((total, hash) => total + hash[0]!, 0)
const check = (input: Uint8Array) => (Block.fromBuffer(input).checkTxRoots() ? 1 : 0)

await serve({
  'block-decode': input => ({ run: () => transactions(input).length, digest: () => rebuilt(input) }),
  'block-fields': input => ({ run: () => readBlock(input), digest: () => rebuilt(input) }),
  'block-txids': input => ({ run: () => sum(ids(input)), digest: () => ids(input) }),
  'block-check': input => ({ run: () => check(input), digest: () => [Uint8Array.of(check(input))] }),
  'block-heap': input => ({
    gauge: async () => retained(KEPT, () => input.slice(), transactions) / input.length,
  }),
  'block-heap-read': input => ({
    gauge: async () => {
      const read = (bytes: Uint8Array) => {
        const all = transactions(bytes)
        readAll(all)
        return all
      }
      return retained(KEPT, () => input.slice(), read) / input.length
    },
  }),
  'tx-id': input => ({ run: () => sum(idOfEach(input)), digest: () => idOfEach(input) }),
})
