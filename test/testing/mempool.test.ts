import { describe, expect, it } from 'vitest'
import { ownWitness } from '../../src/testing/own-script.js'
import { Block } from '../../src/wire/block.js'
import { BlockHeader } from '../../src/wire/header.js'
import { toHex } from '../../src/wire/hex.js'
import { regtest } from '../../src/wire/network.js'
import { type Outpoint, Transaction, type TransactionOutput } from '../../src/wire/transaction.js'
import { checkProofOfWork } from '../../src/wire/work.js'
import { blockAt, virtualNode } from '../support/embedded.js'

const script = Uint8Array.of(0x51)

function spending(outpoints: readonly Outpoint[], outputs: readonly TransactionOutput[]): Transaction {
  return Transaction.from({
    version: 2,
    inputs: outpoints.map(outpoint => ({
      outpoint,
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_ffff,
      witness: ownWitness,
    })),
    outputs,
    lockTime: 0,
  })
}

function coinbaseOutput(block: Block): Outpoint {
  return { txid: block.transactions.at(0)!.txid, index: 0 }
}

const paid = (value: bigint): TransactionOutput => ({ value, scriptPubKey: script })
const ids = (transactions: Iterable<Transaction>) => Array.from(transactions, tx => toHex(tx.txid))

describe('spend', () => {
  it('makes a segwit transaction with a witness, a fee and change', () => {
    const { node } = virtualNode()
    const tx = node.spend({ outputs: [paid(7n)], fee: 500n })
    expect(tx.hasWitness).toBe(true)
    expect(tx.outputs.map(({ value }) => value)).toEqual([7n, 5_000_000_000n - 507n])
    expect(ids(node.mempool)).toEqual(ids([tx]))
  })

  it('spends each mature coinbase once, and then says what is missing', () => {
    const { node } = virtualNode({ blocks: 102 })
    const made = [node.prepare(), node.spend(), node.spend()]
    expect(new Set(made.map(tx => toHex(tx.inputs[0]!.outpoint.txid))).size).toBe(3)
    expect(() => node.spend()).toThrow(/no mature coin/)
    node.mine()
    expect(node.spend().inputs).toHaveLength(1)
  })

  it('can spend the change again once that is in a block', () => {
    const { node } = virtualNode({ blocks: 101 })
    node.spend()
    const second = node.spend()
    node.mine()
    const outpoints = [node.spend(), node.spend(), node.spend()].map(tx => toHex(tx.inputs[0]!.outpoint.txid))
    expect(outpoints).toContain(toHex(second.txid))
  })
})

describe('a block', () => {
  it('takes the mempool with it, parents first, and pays the fees', () => {
    const { node } = virtualNode()
    const parent = node.spend({ fee: 300n })
    const child = spending([{ txid: parent.txid, index: 0 }], [paid(5_000_000_000n - 1_000n)])
    expect(node.submit(child)).toBe('accepted')
    const [block] = node.mine()
    expect(ids(block!.transactions).slice(1)).toEqual(ids([parent, child]))
    expect(block!.transactions.at(0)!.outputs[0]!.value).toBe(5_000_000_000n + 1_000n)
    expect(node.mempool).toEqual([])
  })

  it('drops from the mempool what can no longer follow, children too', () => {
    const { node } = virtualNode()
    const parent = node.spend()
    expect(node.submit(spending([{ txid: parent.txid, index: 0 }], [paid(1n)]))).toBe('accepted')
    const stays = node.spend()
    node.mine(1, { transactions: [spending([parent.inputs[0]!.outpoint], [paid(2n)])] })
    expect(ids(node.mempool)).toEqual(ids([stays]))
  })
})

describe('a dropped transaction', () => {
  it('gives its other coins free', () => {
    const { node } = virtualNode()
    const [taken, free] = [1, 2].map(height => coinbaseOutput(blockAt(node, height)))
    const both = spending([taken!, free!], [paid(1n)])
    const other = spending([free!], [paid(2n)])
    expect(node.submit(both)).toBe('accepted')
    expect(node.submit(other)).toBe('conflict')
    node.mine(1, { transactions: [spending([taken!], [paid(3n)])] })
    expect(node.submit(other)).toBe('accepted')
  })
})

describe('a full block', () => {
  it('leaves what does not fit to the next one', () => {
    const { node } = virtualNode()
    const large = new Uint8Array(600_000).fill(0x6a)
    const first = node.spend({ outputs: [{ value: 0n, scriptPubKey: large }] })
    const second = node.spend({ outputs: [{ value: 0n, scriptPubKey: large }] })
    const [block, next] = node.mine(2)
    expect(block!.weight).toBeLessThanOrEqual(4_000_000)
    expect(ids(block!.transactions).slice(1)).toEqual(ids([first]))
    expect(ids(next!.transactions).slice(1)).toEqual(ids([second]))
  })
})

describe('submit', () => {
  const { node } = virtualNode({ blocks: 105 })
  const spent = node.spend()
  const free = () => coinbaseOutput(blockAt(node, 5))

  it.each<[string, () => Transaction]>([
    ['known', () => spent],
    ['coinbase', () => blockAt(node, 3).transactions.at(0)!],
    ['empty', () => spending([free()], [])],
    ['bad-value', () => spending([free()], [paid(-1n)])],
    ['bad-value', () => spending([free()], [paid(2_100_000_000_000_001n)])],
    ['missing-inputs', () => spending([{ txid: new Uint8Array(32).fill(9), index: 0 }], [paid(1n)])],
    ['missing-inputs', () => spending([{ txid: spent.txid, index: 1 }], [paid(1n)])],
    ['conflict', () => spending([spent.inputs[0]!.outpoint], [paid(1n)])],
    ['conflict', () => spending([free(), free()], [paid(1n)])],
    ['immature', () => spending([coinbaseOutput(blockAt(node, 7))], [paid(1n)])],
    ['overspent', () => spending([free()], [paid(5_000_000_001n)])],
  ])('says %s', (fault, make) => {
    const seen: Transaction[] = []
    const subscription = node.transactions$.subscribe(tx => seen.push(tx))
    expect(node.submit(make())).toBe(fault)
    subscription.unsubscribe()
    expect(seen).toEqual([])
    expect(ids(node.mempool)).toEqual(ids([spent]))
  })

  it('takes a coinbase that is just mature, in a copy of its own', () => {
    const { node: own } = virtualNode({ blocks: 105 })
    const tx = spending([coinbaseOutput(blockAt(own, 6))], [paid(1n)])
    const id = toHex(tx.txid)
    const buffer = tx.bytes.slice()
    expect(own.submit(Transaction.decode(buffer))).toBe('accepted')
    buffer.fill(0)
    expect(own.mempool.map(each => toHex(Transaction.decode(each.bytes).txid))).toEqual([id])
  })
})

describe('submitBlock', () => {
  const source = virtualNode({ blocks: 0 }).node
  source.mine(101)
  source.spend()
  source.mine()

  /** A node that has all but the last block of `source`. */
  function behind() {
    const { node } = virtualNode({ blocks: 0 })
    for (let height = 1; height <= 101; height += 1)
      expect(node.submitBlock(blockAt(source, height))).toBe('accepted')
    return node
  }

  /** Puts a block with other fields or transactions together, with work unless told otherwise. */
  function altered(
    fields: Partial<Pick<BlockHeader, 'time' | 'bits' | 'previousBlock' | 'merkleRoot'>>,
    transactions: Iterable<Transaction> = blockAt(source, 102).transactions,
    works = true,
  ): Block {
    const { version, previousBlock, merkleRoot, time, bits } = blockAt(source, 102).header
    for (let nonce = 0; ; nonce += 1) {
      const header = BlockHeader.from({ version, previousBlock, merkleRoot, time, bits, nonce, ...fields })
      if (checkProofOfWork(header, { limit: regtest.powLimit }) === works)
        return Block.from(header, [...transactions])
    }
  }

  it('takes a whole chain block by block, and spends with it', () => {
    const node = behind()
    expect(node.submitBlock(blockAt(source, 102))).toBe('accepted')
    expect(toHex(node.tip.hash)).toBe(toHex(source.tip.hash))
    const [, spend] = blockAt(source, 102).transactions
    expect(node.submit(spend!)).toBe('missing-inputs')
  })

  const all = [...blockAt(source, 102).transactions]
  it.each<[string, () => Block]>([
    ['known', () => blockAt(source, 101)],
    ['orphan', () => altered({ previousBlock: new Uint8Array(32).fill(7) })],
    ['bad-bits', () => altered({ bits: 0x207ffffe })],
    ['no-work', () => altered({}, all, false)],
    ['bad-time', () => altered({ time: blockAt(source, 96).header.time })],
    ['bad-merkle-root', () => altered({}, all.slice(0, 1))],
    ['bad-merkle-root', () => altered({}, [...all, all[1]!])],
    [
      'bad-commitment',
      () =>
        altered(
          {},
          all.map(tx => Transaction.decode(tx.stripped)),
        ),
    ],
    ['bad-coinbase', () => minedWith(all.slice(0, 1))],
    ['bad-spend', () => minedWith([all[1]!, all[1]!].map((tx, i) => (i === 0 ? tx : sameInput(tx))))],
  ])('says %s', (fault, make) => {
    const node = behind()
    const block = make()
    expect(node.submitBlock(block)).toBe(fault)
    expect(node.height).toBe(101)
  })

  /** What a miner without scruples makes at height 102. */
  function minedWith(transactions: readonly Transaction[]): Block {
    return behind().mine(1, { transactions })[0]!
  }

  function sameInput(tx: Transaction): Transaction {
    return spending([tx.inputs[0]!.outpoint], [paid(3n)])
  }

  it('keeps a copy of its own', () => {
    const node = behind()
    const buffer = blockAt(source, 102).bytes.slice()
    expect(node.submitBlock(Block.decode(buffer))).toBe('accepted')
    buffer.fill(0)
    expect([...blockAt(node, 102).bytes]).toEqual([...blockAt(source, 102).bytes])
  })

  it('takes a time that is above the median though below the tip', () => {
    expect(behind().submitBlock(altered({ time: blockAt(source, 97).header.time }))).toBe('accepted')
  })
})
