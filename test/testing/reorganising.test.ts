import { describe, expect, it } from 'vitest'
import { Coins, outpointKey } from '../../src/testing/coins.js'
import type { ChainChange } from '../../src/testing/index.js'
import type { Block } from '../../src/wire/block.js'
import { toHex } from '../../src/wire/hex.js'
import { InventoryType } from '../../src/wire/inventory.js'
import { Transaction } from '../../src/wire/transaction.js'
import { blockAt, entries, only, virtualNode } from '../support/embedded.js'

const hashes = (blocks: Iterable<Block>) => Array.from(blocks, ({ hash }) => toHex(hash))
const ids = (transactions: Iterable<Transaction>) => Array.from(transactions, ({ txid }) => toHex(txid))

/** Spends the only output of a transaction. */
function spending({ txid, outputs, inputs }: Transaction): Transaction {
  const { scriptPubKey, value } = outputs[0]!
  const { scriptSig, sequence, witness } = inputs[0]!
  return Transaction.from({
    version: 2,
    inputs: [{ outpoint: { txid, index: 0 }, scriptSig, sequence, witness }],
    outputs: [{ scriptPubKey, value: value - 1_000n }],
    lockTime: 0,
  })
}

describe('a reorganisation', () => {
  it('replaces the last blocks by a longer branch, and says by which', () => {
    const { node } = virtualNode({ blocks: 5 })
    const before = hashes(node.blocks)
    const changes: ChainChange[] = []
    const seen: Block[] = []
    node.changes$.subscribe(change => changes.push(change))
    node.blocks$.subscribe(block => seen.push(block))

    const { disconnected, connected } = node.reorganise({ depth: 2 })
    expect(hashes(disconnected)).toEqual([before[5], before[4]])
    expect(hashes(connected)).toEqual(hashes(node.blocks).slice(4))
    expect(hashes(node.blocks).slice(0, 4)).toEqual(before.slice(0, 4))
    expect(node.height).toBe(6)
    expect(toHex(node.tip.hash)).toBe(hashes(node.blocks)[6])
    expect(changes).toEqual([{ disconnected, connected }])
    expect(hashes(seen)).toEqual(hashes(connected))
  })

  it('is one block deep and one longer unless told otherwise, down to the first block', () => {
    const { node } = virtualNode({ blocks: 3 })
    expect(node.reorganise().connected).toHaveLength(2)
    expect(node.height).toBe(4)
    const { disconnected, connected } = node.reorganise({ depth: 4, length: 7 })
    expect([disconnected.length, connected.length, node.height]).toEqual([4, 7, 7])
    expect(node.reorganise({ depth: 0 }).disconnected).toEqual([])
    expect(node.height).toBe(8)
  })

  it.each([
    { depth: 4 },
    { depth: 2, length: 2 },
    { depth: -1 },
    { depth: 1.5 },
    { depth: 1, length: Number.NaN },
  ])('refuses %j and changes nothing', options => {
    const { node } = virtualNode({ blocks: 3 })
    const before = hashes(node.blocks)
    expect(() => node.reorganise(options)).toThrow(TypeError)
    expect(hashes(node.blocks)).toEqual(before)
  })

  it('lets transactions of the replaced blocks wait again, before what waited', () => {
    const { node } = virtualNode()
    const mined = [node.spend(), node.spend()]
    node.mine()
    const waiting = node.spend()
    const told: Transaction[] = []
    node.transactions$.subscribe(tx => told.push(tx))
    node.reorganise({ depth: 1 })
    expect(ids(node.mempool)).toEqual(ids([...mined, waiting]))
    expect(told).toEqual([])
    const [next] = node.mine()
    expect(ids(next!.transactions).slice(1)).toEqual(ids([...mined, waiting]))
  })

  it('forgets a transaction that the new branch contains, and keeps the others', () => {
    const { node } = virtualNode()
    const first = node.spend()
    node.mine()
    const waiting = node.spend()
    node.reorganise({ transactions: [first] })
    expect(ids(node.mempool)).toEqual(ids([waiting]))
    expect(node.submit(first)).toBe('missing-inputs')
  })

  it('forgets a transaction whose coin was in the replaced blocks', () => {
    const { node } = virtualNode({ blocks: 101 })
    const tx = node.spend()
    node.reorganise({ depth: 101, length: 102 })
    expect(node.mempool).toEqual([])
    expect(node.submit(tx)).toBe('missing-inputs')
  })

  it('lets a block that made and spent something happen again, or only half of it', () => {
    const { node } = virtualNode({ blocks: 105 })
    const parent = node.prepare()
    const child = spending(parent)
    node.mine(1, { transactions: [parent, child] })
    node.reorganise({ length: 2 })
    expect(ids(node.mempool)).toEqual(ids([parent, child]))
    node.mine(1, { transactions: [parent] })
    expect(ids(node.mempool)).toEqual(ids([child]))
  })

  it('is announced as one: inv of the whole branch, or headers', () => {
    const { node, join } = virtualNode({ blocks: 5 })
    const plain = join()
    const modern = join()
    modern.ask({ command: 'sendheaders' })
    const heard = modern.hears(() => {
      const inv = only(
        'inv',
        plain.hears(() => node.reorganise({ depth: 2 })),
      )
      expect(entries(inv.inventory)).toEqual(
        [4, 5, 6].map(height => ({ type: InventoryType.block, hash: blockAt(node, height).hash })),
      )
    })
    const { headers } = only('headers', heard)
    expect(Array.from(headers, ({ hash }) => toHex(hash))).toEqual(hashes(node.blocks).slice(4))
  })

  it('leaves the replaced blocks to those who ask for them, but not in the chain', () => {
    const { node, join } = virtualNode({ blocks: 5 })
    const old = blockAt(node, 5)
    node.reorganise()
    const { ask } = join()
    const inventory = [{ type: InventoryType.witnessBlock, hash: old.hash }]
    expect(toHex(only('block', ask({ command: 'getdata', inventory })).block.hash)).toBe(toHex(old.hash))
    const locator = [old.hash, blockAt(node, 4).hash]
    const stop = new Uint8Array(32)
    const { headers } = only('headers', ask({ command: 'getheaders', version: 70_016, locator, stop }))
    expect(Array.from(headers, ({ hash }) => toHex(hash))).toEqual(hashes(node.blocks).slice(5))
  })
})

describe('a branch that is submitted', () => {
  /** Two nodes with the same blocks, and the same dice from there on. */
  function rivals() {
    const { node } = virtualNode({ blocks: 110 })
    const { node: other } = virtualNode({ blocks: 110 })
    return { node, other }
  }

  it('waits beside the chain until it has more work', () => {
    const { node, other } = rivals()
    const [own] = node.mine()
    const changes: ChainChange[] = []
    node.changes$.subscribe(change => changes.push(change))
    other.spend()
    const branch = other.mine(2)
    expect(node.submitBlock(branch[0]!)).toBe('kept')
    expect(node.submitBlock(branch[0]!)).toBe('known')
    expect(toHex(node.tip.hash)).toBe(toHex(own!.hash))
    expect(changes).toEqual([])
    expect(node.submitBlock(branch[1]!)).toBe('accepted')
    expect(hashes(node.blocks).slice(111)).toEqual(hashes(branch))
    expect(changes.map(({ disconnected, connected }) => [hashes(disconnected), hashes(connected)])).toEqual([
      [hashes([own!]), hashes(branch)],
    ])
  })

  it('is refused, and forgotten from there on, where it spends what is not there; the chain stays', () => {
    const { node, other } = rivals()
    const tx = node.spend()
    node.mine()
    const before = hashes(node.blocks)
    const spent = other.spend({ fee: 2_000n })
    const [good] = other.mine()
    // Spends again what the block before has spent.
    const [bad] = other.mine(1, { transactions: [spent] })
    const [behind] = other.mine()
    expect(node.submitBlock(good!)).toBe('kept')
    expect(node.submitBlock(bad!)).toBe('bad-spend')
    expect(hashes(node.blocks)).toEqual(before)
    expect(node.submitBlock(behind!)).toBe('orphan')
    expect(node.submitBlock(bad!)).toBe('bad-spend')
    expect(node.submit(tx)).toBe('missing-inputs')
    node.mine()
    expect(node.height).toBe(112)
  })

  it('is looked at by its own median time', () => {
    const { node, other } = rivals()
    other.spend()
    const [first] = other.mine()
    node.mine(30)
    expect(node.submitBlock(first!)).toBe('kept')
  })
})

describe('coins', () => {
  it('are those of before when a block is undone, what it made and spent itself included', () => {
    const { node } = virtualNode({ blocks: 105 })
    const coins = new Coins()
    for (const [height, block] of Array.from(node.blocks).entries()) coins.connect(block, height)
    const keys = () => Array.from(coins, coin => outpointKey(coin.outpoint)).sort()
    const before = keys()
    const parent = node.prepare()
    const [block] = node.mine(1, { transactions: [parent, spending(parent)] })
    const spent = coins.connect(block!, 106)
    expect(spent).toHaveLength(2)
    expect(keys()).not.toEqual(before)
    coins.disconnect(block!, spent)
    expect(keys()).toEqual(before)
  })
})
