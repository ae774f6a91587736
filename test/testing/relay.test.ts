import { take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/wire/hex.js'
import { InventoryType } from '../../src/wire/inventory.js'
import type { Transaction } from '../../src/wire/transaction.js'
import { entries, only, virtualNode } from '../support/embedded.js'

const byWtxid = (tx: Transaction) => [{ type: InventoryType.wtx, hash: tx.wtxid }]
const byTxid = (tx: Transaction) => [{ type: InventoryType.tx, hash: tx.txid }]

describe('announcing transactions', () => {
  it('names them by wtxid to those who agreed on that, by txid to all others', () => {
    const { node, join } = virtualNode()
    const modern = join()
    const old = join({ protocolVersion: 70_015 })
    const tx = node.prepare()
    const modernHeard = modern.hears(() => node.submit(tx))
    expect(entries(only('inv', modernHeard).inventory)).toEqual(byWtxid(tx))
    expect(entries(only('inv', old.received.slice(1)).inventory)).toEqual(byTxid(tx))
    expect(toHex(tx.txid)).not.toBe(toHex(tx.wtxid))
  })

  it('heeds feefilter, up to the very rate', () => {
    const { node, join } = virtualNode()
    const client = join()
    const probe = node.prepare({ fee: 1_000n })
    const rate = 1_000_000n / BigInt(probe.vsize)
    client.ask({ command: 'feefilter', feeRate: rate })
    expect(client.hears(() => node.spend({ fee: 990n }))).toEqual([])
    expect(client.hears(() => node.submit(probe))).toHaveLength(1)
    client.ask({ command: 'feefilter', feeRate: 0n })
    expect(client.hears(() => node.spend({ fee: 990n }))).toHaveLength(1)
  })

  it('leaves those alone who want no transactions', () => {
    const { node, join } = virtualNode()
    const client = join({ relay: false })
    expect(client.hears(() => node.spend())).toEqual([])
    expect(client.hears(() => node.mine())).toHaveLength(1)
  })
})

describe('taking transactions', () => {
  it.each([
    ['wtxid', 70_016, InventoryType.wtx],
    ['txid', 70_015, InventoryType.witnessTx],
  ])('asks for what is announced by %s, takes it, and tells the others', (_, protocolVersion, type) => {
    const { node, join } = virtualNode()
    const giver = join({ protocolVersion })
    const other = join()
    const tx = node.prepare()
    const inventory = protocolVersion === 70_016 ? byWtxid(tx) : byTxid(tx)

    const asked = only('getdata', giver.ask({ command: 'inv', inventory }))
    expect(entries(asked.inventory)).toEqual([{ type, hash: inventory[0]!.hash }])
    expect(giver.ask({ command: 'tx', transaction: tx })).toEqual([])
    expect(node.mempool.map(each => toHex(each.wtxid))).toEqual([toHex(tx.wtxid)])
    expect(entries(only('inv', other.received.slice(1)).inventory)).toEqual(byWtxid(tx))

    expect(giver.ask({ command: 'inv', inventory })).toEqual([])
  })

  it('ignores the form that was not agreed on, and blocks', () => {
    const { node, join } = virtualNode()
    const tx = node.prepare()
    const modern = join()
    expect(modern.ask({ command: 'inv', inventory: byTxid(tx) })).toEqual([])
    expect(modern.ask({ command: 'inv', inventory: [{ type: InventoryType.block, hash: tx.txid }] })).toEqual(
      [],
    )
    expect(join({ protocolVersion: 70_015 }).ask({ command: 'inv', inventory: byWtxid(tx) })).toEqual([])
  })

  it('neither keeps nor relays a bad one, and lives on', () => {
    const { node, join } = virtualNode()
    const giver = join()
    const other = join()
    const tx = node.prepare()
    expect(other.hears(() => node.submit(tx))).toHaveLength(1)
    const heard = other.hears(() => giver.ask({ command: 'tx', transaction: tx }))
    expect(heard).toEqual([])
    expect(node.mempool).toHaveLength(1)
    expect(giver.errors).toEqual([])
    expect(giver.hears(() => node.mine())).toHaveLength(1)
  })

  it('goes all the way: spent, announced, fetched, mined, in the block', () => {
    const { node, join } = virtualNode()
    const client = join()
    const inv = only(
      'inv',
      client.hears(() => node.spend()),
    )
    const { transaction } = only('tx', client.ask({ command: 'getdata', inventory: inv.inventory }))
    const mined = only(
      'inv',
      client.hears(() => node.mine()),
    )
    const inventory = [{ type: InventoryType.witnessBlock, hash: mined.inventory.at(0)!.hash }]
    const { block } = only('block', client.ask({ command: 'getdata', inventory }))
    expect(block.txids().map(toHex)).toContain(toHex(transaction.txid))
    expect(node.mempool).toEqual([])
  })
})

describe('announcing blocks', () => {
  it('uses inv until sendheaders is there, then headers', () => {
    const { node, join } = virtualNode()
    const client = join()
    const bystander = join()
    const inv = only(
      'inv',
      client.hears(() => node.mine()),
    )
    expect(entries(inv.inventory)).toEqual([{ type: InventoryType.block, hash: node.tip.hash }])

    expect(client.ask({ command: 'sendheaders' })).toEqual([])
    const { headers } = only(
      'headers',
      client.hears(() => node.mine(2)),
    )
    expect(headers).toHaveLength(2)
    expect(toHex(headers.at(1)!.hash)).toBe(toHex(node.tip.hash))
    expect(bystander.received.map(({ command }) => command)).toEqual(['sendcmpct', 'inv', 'inv'])
  })

  it('goes back to inv for more than eight at once', () => {
    const { node, join } = virtualNode({ blocks: 0 })
    const client = join()
    client.ask({ command: 'sendheaders' })
    expect(
      only(
        'headers',
        client.hears(() => node.mine(8)),
      ).headers,
    ).toHaveLength(8)
    expect(
      only(
        'inv',
        client.hears(() => node.mine(9)),
      ).inventory,
    ).toHaveLength(9)
  })

  it('tells the application, one by one', () => {
    const { node } = virtualNode({ blocks: 0 })
    const heights: number[] = []
    node.blocks$.subscribe(() => heights.push(node.height))
    const seen: string[] = []
    node.blocks$.subscribe(block => seen.push(toHex(block.hash)))
    const mined = node.mine(3)
    expect(seen).toEqual(mined.map(block => toHex(block.hash)))
    expect(heights).toEqual([3, 3, 3])
  })
})

describe('a block that a peer sent', () => {
  it('is not announced to that peer, the branch that it ends neither; all others hear of it', () => {
    const { node, join } = virtualNode({ blocks: 2 })
    const { node: miner } = virtualNode({ blocks: 2 })
    const giver = join()
    const other = join()
    const ends = [giver, other]
    for (const { ask } of ends) ask({ command: 'sendheaders' })
    const announced = () =>
      ends.map(({ received }) =>
        received.map(message => (message.command === 'headers' ? message.headers.length : message.command)),
      )
    for (const block of miner.mine(2)) giver.ask({ command: 'block', block })
    expect(announced()).toEqual([['sendcmpct'], ['sendcmpct', 1, 1]])

    const { connected } = miner.reorganise({ depth: 2 })
    for (const block of connected) giver.ask({ command: 'block', block })
    expect(toHex(node.tip.hash)).toBe(toHex(miner.tip.hash))
    expect(announced()).toEqual([['sendcmpct'], ['sendcmpct', 1, 1, 3]])

    other.hears(() => node.mine())
    expect(announced()).toEqual([
      ['sendcmpct', 1],
      ['sendcmpct', 1, 1, 3, 1],
    ])
  })

  it('keeps nothing else from that peer: neither what comes of it at once, nor itself when it comes back', () => {
    const { node, join } = virtualNode({ blocks: 2 })
    const { node: miner } = virtualNode({ blocks: 2 })
    const giver = join()
    const other = join()
    giver.ask({ command: 'sendheaders' })
    const [first] = miner.mine()
    node.blocks$.pipe(take(1)).subscribe(() => node.mine())
    const own = only('headers', giver.ask({ command: 'block', block: first! }))
    expect(Array.from(own.headers, ({ hash }) => toHex(hash))).toEqual([toHex(node.tip.hash)])

    giver.hears(() => node.reorganise({ depth: 2 }))
    const back = [first!, ...miner.mine(3)]
    const heard = giver.hears(() => {
      for (const block of back.slice(1)) other.ask({ command: 'block', block })
    })
    expect(Array.from(only('headers', heard).headers, ({ hash }) => toHex(hash))).toEqual(
      back.map(({ hash }) => toHex(hash)),
    )
  })
})

describe('taking blocks', () => {
  it('adds the next block that a peer sends, and announces it', () => {
    const { node, join } = virtualNode({ blocks: 2 })
    const { node: miner } = virtualNode({ blocks: 2 })
    const [next, behind] = miner.mine(2)
    const giver = join()
    const other = join()
    giver.ask({ command: 'block', block: behind! })
    expect(node.height).toBe(2)
    const heard = other.hears(() => giver.ask({ command: 'block', block: next! }))
    expect(node.height).toBe(3)
    expect(entries(only('inv', heard).inventory)).toEqual([{ type: InventoryType.block, hash: next!.hash }])
  })
})
