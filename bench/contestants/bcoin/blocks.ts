import Block from 'bcoin/lib/primitives/block.js'
import TX from 'bcoin/lib/primitives/tx.js'
import { split } from '../parts.js'
import type { Tasks } from '../serve.js'

/** The first byte of a hash, which bcoin keeps in hex. */
export const first = (hash: string): number => Number.parseInt(hash.slice(0, 2), 16)

function readBlock({ txs }: Block): number {
  let sum = 0
  for (const tx of txs) {
    sum += (tx.version >>> 0) + tx.locktime
    for (const { prevout, script, sequence, witness } of tx.inputs) {
      sum += first(prevout.hash) + prevout.index + script.raw.length + (script.raw[0] ?? 0) + sequence
      for (const item of witness.items) sum += item.length + (item[0] ?? 0)
    }
    for (const { value, script } of tx.outputs) sum += value + script.raw.length + (script.raw[0] ?? 0)
  }
  return sum
}

/** Written anew from its fields: the bytes that it came in are forgotten. */
function rebuilt(input: Uint8Array): Uint8Array[] {
  const block = Block.fromRaw(input)
  block.refresh(true)
  return [block.toRaw()]
}

function check(input: Uint8Array): number {
  const block = Block.fromRaw(input)
  const root = block.createMerkleRoot('hex') === block.merkleRoot
  return root && block.createCommitmentHash('hex') === block.getCommitmentHash('hex') ? 1 : 0
}

const ids = (input: Uint8Array) => Block.fromRaw(input).txs.map(tx => tx.hash())
const idOfEach = (parts: readonly Uint8Array[]) => parts.map(part => TX.fromRaw(part).hash())
const sum = (hashes: readonly Uint8Array[]) => hashes.reduce((total, hash) => total + hash[0]!, 0)

// bcoin reads nothing but a Buffer.
const buffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

export const blocks: Tasks = {
  'block-decode': input => ({
    run: () => Block.fromRaw(buffer(input)).txs.length,
    digest: () => rebuilt(buffer(input)),
  }),
  'block-fields': input => ({
    run: () => readBlock(Block.fromRaw(buffer(input))),
    digest: () => rebuilt(buffer(input)),
  }),
  'block-txids': input => ({ run: () => sum(ids(buffer(input))), digest: () => ids(buffer(input)) }),
  'block-check': input => ({
    run: () => check(buffer(input)),
    digest: () => [Uint8Array.of(check(buffer(input)))],
  }),
  'tx-id': input => {
    const parts = split(input).map(buffer)
    return { run: () => sum(idOfEach(parts)), digest: () => idOfEach(parts) }
  },
}
