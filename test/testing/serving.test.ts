import { describe, expect, it } from 'vitest'
import type { Hash } from '../../src/wire/hash.js'
import { equalBytes, toHex } from '../../src/wire/hex.js'
import { type Inventory, InventoryType } from '../../src/wire/inventory.js'
import { checkMerkleRoot, checkWitnessCommitment } from '../../src/wire/merkle.js'
import type { Message } from '../../src/wire/messages.js'
import { Services } from '../../src/wire/services.js'
import type { Transaction } from '../../src/wire/transaction.js'
import { blockAt, entries, only, virtualNode } from '../support/embedded.js'

const nobody = new Uint8Array(32).fill(0xee)
const zero: Hash = new Uint8Array(32)

function getheaders(locator: readonly Uint8Array[], stop = zero): Message {
  return { command: 'getheaders', version: 70_016, locator, stop }
}

function getblocks(locator: readonly Uint8Array[], stop = zero): Message {
  return { command: 'getblocks', version: 70_016, locator, stop }
}

function getdata(...inventory: readonly Inventory[]): Message {
  return { command: 'getdata', inventory }
}

const names = (messages: readonly Message[]) => messages.map(({ command }) => command)
const idOf = (tx: Transaction) => toHex(tx.txid)

describe('the handshake', () => {
  it('shows the height, the services and the name of the node', () => {
    const { join } = virtualNode({ blocks: 12 })
    const { peer } = join()
    expect(peer.version.startHeight).toBe(12)
    expect(peer.version.services).toBe(
      Services.network | Services.bloom | Services.witness | Services.compactFilters,
    )
    expect(peer.version.userAgent).toBe('/rxpeer:0.1.0/embedded-node:0.1.0/')
    expect(peer.features).toEqual({ wtxidRelay: true, addrV2: true })
  })

  it('takes what the options say of it', () => {
    const { join } = virtualNode({
      blocks: 0,
      userAgent: { name: 'mine', version: '2' },
      services: Services.network | Services.bloom,
      peer: { protocolVersion: 70_015 },
    })
    const { peer } = join()
    expect(peer.version.userAgent).toBe('/rxpeer:0.1.0/mine:2/')
    expect(peer.version.services).toBe(Services.network | Services.bloom)
    expect(peer.protocolVersion).toBe(70_015)
  })

  it('knows its own nonces only: a client of the same process is no self-connection', () => {
    const { node, join } = virtualNode({ blocks: 0 })
    join()
    join()
    expect(node.peers).toHaveLength(2)
  })

  it('answers pings', () => {
    const { ask } = virtualNode({ blocks: 0 }).join()
    expect(ask({ command: 'ping', nonce: 5n })).toEqual([{ command: 'pong', nonce: 5n }])
  })

  it('has no addresses to tell', () => {
    const { ask } = virtualNode({ blocks: 0 }).join()
    expect(ask({ command: 'getaddr' })).toEqual([])
  })
})

describe('a long chain', () => {
  const { node, join } = virtualNode({ blocks: 2_100 })
  const client = join()
  const hashAt = (height: number) => blockAt(node, height).hash

  it('gives its headers in pages of 2000, the last one empty', () => {
    const pages: number[] = []
    let known = hashAt(0)
    let height = 0
    for (let page = only('headers', client.ask(getheaders([known]))); ; ) {
      pages.push(page.headers.length)
      for (const header of page.headers) {
        height += 1
        expect(equalBytes(header.previousBlock, known)).toBe(true)
        known = Uint8Array.from(header.hash)
      }
      if (page.headers.length === 0) break
      page = only('headers', client.ask(getheaders([known])))
    }
    expect(pages).toEqual([2000, 100, 0])
    expect(height).toBe(2_100)
    expect(toHex(known)).toBe(toHex(node.tip.hash))
  })

  it('names its blocks in pages of 500, without the stop block', () => {
    const { inventory } = only('inv', client.ask(getblocks([hashAt(10)])))
    expect(inventory).toHaveLength(500)
    expect(entries([inventory.at(0)!])).toEqual([{ type: InventoryType.block, hash: hashAt(11) }])
    expect(entries([inventory.at(-1)!])).toEqual([{ type: InventoryType.block, hash: hashAt(510) }])
    expect(entries(only('inv', client.ask(getblocks([hashAt(10)], hashAt(13)))).inventory)).toEqual([
      { type: InventoryType.block, hash: hashAt(11) },
      { type: InventoryType.block, hash: hashAt(12) },
    ])
    expect(client.ask(getblocks([hashAt(2_100)]))).toEqual([])
  })
})

describe('getheaders', () => {
  const { node, join } = virtualNode({ blocks: 20 })
  const { ask } = join()
  const hashAt = (height: number) => blockAt(node, height).hash
  const heights = (messages: readonly Message[]) =>
    Array.from(only('headers', messages).headers, ({ hash }) =>
      Array.from(node.blocks).findIndex(block => equalBytes(block.hash, hash)),
    )

  it('starts behind the first entry of the locator that the node knows', () => {
    expect(heights(ask(getheaders([nobody, hashAt(17), hashAt(3)])))).toEqual([18, 19, 20])
  })

  it('starts at height 1 where the node knows none', () => {
    expect(heights(ask(getheaders([nobody])))[0]).toBe(1)
  })

  it('ends with the stop block', () => {
    expect(heights(ask(getheaders([hashAt(2)], hashAt(5))))).toEqual([3, 4, 5])
  })

  it('ignores a stop that does not follow', () => {
    expect(heights(ask(getheaders([hashAt(18)], hashAt(5))))).toEqual([19, 20])
  })

  it('gives the one header asked for without a locator, and nothing for an unknown one', () => {
    expect(heights(ask(getheaders([], hashAt(0))))).toEqual([0])
    expect(ask(getheaders([], nobody))).toEqual([])
  })
})

describe('getdata', () => {
  const { node, join } = virtualNode()
  node.spend()
  node.mine()
  const waiting = node.spend()
  const client = join()

  it('gives blocks with their witness, whose roots and commitments are right', () => {
    const tip = { type: InventoryType.witnessBlock, hash: node.tip.hash }
    const { block } = only('block', client.ask(getdata(tip)))
    expect(toHex(block.hash)).toBe(toHex(node.tip.hash))
    expect(block.transactions).toHaveLength(2)
    expect(block.transactions.at(1)!.hasWitness).toBe(true)
    expect(checkMerkleRoot(block)).toBe(true)
    expect(checkWitnessCommitment(block)).toBe(true)
  })

  it('gives blocks without witness to those who ask for that', () => {
    const tip = { type: InventoryType.block, hash: node.tip.hash }
    const { block } = only('block', client.ask(getdata(tip)))
    expect(Array.from(block.transactions, tx => tx.hasWitness)).toEqual([false, false])
    expect(checkMerkleRoot(block)).toBe(true)
  })

  it.each<[string, keyof typeof InventoryType, 'txid' | 'wtxid', boolean]>([
    ['by txid, without witness', 'tx', 'txid', false],
    ['by txid, with witness', 'witnessTx', 'txid', true],
    ['by wtxid, with witness', 'wtx', 'wtxid', true],
  ])('gives a transaction %s', (_, type, id, hasWitness) => {
    const entry = { type: InventoryType[type], hash: waiting[id] }
    const { transaction } = only('tx', client.ask(getdata(entry)))
    expect(idOf(transaction)).toBe(idOf(waiting))
    expect(transaction.hasWitness).toBe(hasWitness)
  })

  it('gives a transaction of the last block, which may have come in between', () => {
    const confirmed = blockAt(node, node.height).transactions.at(1)!
    const entry = { type: InventoryType.wtx, hash: confirmed.wtxid }
    expect(idOf(only('tx', client.ask(getdata(entry))).transaction)).toBe(idOf(confirmed))
  })

  it('answers in order, then names the missing transactions at once, and is silent about the rest', () => {
    const missing = [InventoryType.tx, InventoryType.witnessTx, InventoryType.wtx].map(type => ({
      type,
      hash: nobody,
    }))
    const answers = client.ask(
      getdata(
        missing[0]!,
        { type: InventoryType.witnessBlock, hash: nobody },
        { type: InventoryType.wtx, hash: waiting.wtxid },
        { type: InventoryType.wtx, hash: waiting.txid },
        { type: 77, hash: waiting.txid },
        missing[1]!,
        { type: InventoryType.block, hash: node.tip.hash },
        missing[2]!,
      ),
    )
    expect(names(answers)).toEqual(['tx', 'block', 'notfound'])
    expect(entries(only('notfound', answers.slice(2)).inventory)).toEqual([
      missing[0],
      { type: InventoryType.wtx, hash: Uint8Array.from(waiting.txid) },
      missing[1],
      missing[2],
    ])
  })

  it('does not answer an old peer with what that cannot know, and keeps it', () => {
    const old = join({ protocolVersion: 60_000 })
    expect(old.ask(getdata({ type: InventoryType.tx, hash: nobody }))).toEqual([])
    expect(names(old.ask(getheaders([])))).toEqual([])
    expect(names(old.ask(getdata({ type: InventoryType.tx, hash: waiting.txid })))).toEqual(['tx'])
  })
})

describe('mempool', () => {
  it('names what waits, in the form that was agreed on', () => {
    const { node, join } = virtualNode()
    const modern = join()
    const old = join({ protocolVersion: 70_015 })
    expect(modern.ask({ command: 'mempool' })).toEqual([])
    const txs = [node.prepare(), node.prepare()]
    for (const tx of txs) node.submit(tx)
    expect(entries(only('inv', modern.ask({ command: 'mempool' }).slice(2)).inventory)).toEqual(
      txs.map(tx => ({ type: InventoryType.wtx, hash: tx.wtxid })),
    )
    expect(entries(only('inv', old.ask({ command: 'mempool' })).inventory)).toEqual(
      txs.map(tx => ({ type: InventoryType.tx, hash: tx.txid })),
    )
  })
})

describe('a node that lacks a service', () => {
  it('is silent there and answers elsewhere', () => {
    const { node, join } = virtualNode({ blocks: 3, peer: { behaviors: { serveHeaders: false } } })
    const { ask } = join()
    expect(ask(getheaders([blockAt(node, 0).hash]))).toEqual([])
    expect(names(ask(getblocks([blockAt(node, 0).hash])))).toEqual(['inv'])
  })
})
