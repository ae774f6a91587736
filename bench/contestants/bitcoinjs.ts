import { Block, Transaction } from 'bitcoinjs-lib'
import { split } from './parts.js'
import { serve } from './serve.js'

const transactions = (input: Uint8Array): Transaction[] => {
  const { transactions } = Block.fromBuffer(input)
  if (transactions === undefined) throw new Error('a block without transactions')
  return transactions
}
const rebuilt = (input: Uint8Array) => [Block.fromBuffer(input).toBuffer()]

function readBlock(input: Uint8Array): number {
  let sum = 0
  for (const tx of transactions(input)) {
    sum += (tx.version >>> 0) + tx.locktime
    for (const { hash, index, script, sequence, witness } of tx.ins) {
      sum += hash[0]! + index + script.length + (script[0] ?? 0) + sequence
      for (const item of witness) sum += item.length + (item[0] ?? 0)
    }
    for (const { value, script } of tx.outs) sum += Number(value) + script.length + (script[0] ?? 0)
  }
  return sum
}

const ids = (input: Uint8Array) => transactions(input).map(tx => tx.getHash())
const idOfEach = (input: Uint8Array) => split(input).map(part => Transaction.fromBuffer(part).getHash())
const sum = (hashes: readonly Uint8Array[]) => hashes.reduce((total, hash) => total + hash[0]!, 0)
const check = (input: Uint8Array) => (Block.fromBuffer(input).checkTxRoots() ? 1 : 0)

await serve({
  'block-decode': input => ({ run: () => transactions(input).length, digest: () => rebuilt(input) }),
  'block-fields': input => ({ run: () => readBlock(input), digest: () => rebuilt(input) }),
  'block-txids': input => ({ run: () => sum(ids(input)), digest: () => ids(input) }),
  'block-check': input => ({ run: () => check(input), digest: () => [Uint8Array.of(check(input))] }),
  'tx-id': input => ({ run: () => sum(idOfEach(input)), digest: () => idOfEach(input) }),
})
