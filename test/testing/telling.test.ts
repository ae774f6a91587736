import { describe, expect, it } from 'vitest'
import { BloomFilter, BloomUpdate } from '../../src/wire/bloom.js'
import { toHex } from '../../src/wire/hex.js'
import { InventoryType } from '../../src/wire/inventory.js'
import { verifyMerkleBlock } from '../../src/wire/merkle-block.js'
import type { Message } from '../../src/wire/messages.js'
import { NetworkId, type TimedNetAddress } from '../../src/wire/netaddress.js'
import type { Transaction } from '../../src/wire/transaction.js'
import { entries, only, virtualNode } from '../support/embedded.js'

const names = (messages: readonly Message[]) => messages.map(({ command }) => command)

function address(last: number, networkId: number = NetworkId.ipv4): TimedNetAddress {
  const size = networkId === NetworkId.ipv4 ? 4 : 32
  const bytes = new Uint8Array(size).fill(last & 0xff)
  bytes[0] = last >> 8
  return { time: 1_700_000_000 + last, services: 9n, networkId, address: bytes, port: 18_444 }
}

describe('addresses', () => {
  const known = [address(1), address(2, NetworkId.torV3), address(3)]

  it('are told by addrv2, or by addr to those who do not know that, once', () => {
    const { join } = virtualNode({ blocks: 0, addresses: known })
    const modern = join()
    const told = only('addrv2', modern.ask({ command: 'getaddr' })).addresses
    expect(Array.from(told)).toEqual(known)
    expect(modern.ask({ command: 'getaddr' })).toEqual([])
    const old = join({ protocolVersion: 70_015 })
    expect(Array.from(only('addr', old.ask({ command: 'getaddr' })).addresses)).toEqual([known[0], known[2]])
  })

  it('are a choice of 1000 where there are more', () => {
    const many = Array.from({ length: 1_500 }, (_, i) => address(i))
    const { join } = virtualNode({ blocks: 0, addresses: many })
    const { addresses } = only('addrv2', join().ask({ command: 'getaddr' }))
    const times = new Set(Array.from(addresses, ({ time }) => time))
    expect(times.size).toBe(1_000)
    expect(Math.max(...times)).toBeGreaterThan(1_700_001_000)
  })

  it('are not told where there is none that fits', () => {
    const { join } = virtualNode({ blocks: 0, addresses: [address(2, NetworkId.torV3)] })
    expect(join({ protocolVersion: 70_015 }).ask({ command: 'getaddr' })).toEqual([])
  })
})

describe('bloom filters', () => {
  /** A filter for the id of a transaction. */
  function filterFor({ txid }: Transaction): BloomFilter {
    const filter = BloomFilter.create({
      elements: 10,
      falsePositiveRate: 1e-6,
      tweak: 1,
      flags: BloomUpdate.none,
    })
    filter.insert(txid)
    return filter
  }

  it('decide what is announced, and wake up those who wanted nothing before', () => {
    const { node, join } = virtualNode()
    const [wanted, other, added] = [node.prepare(), node.prepare(), node.prepare()]
    const client = join({ relay: false })
    expect(client.hears(() => node.submit(node.prepare()))).toEqual([])
    client.ask(filterFor(wanted).toMessage(), { command: 'filteradd', data: added.txid })
    const heard = client.hears(() => {
      for (const tx of [other, wanted, added]) node.submit(tx)
    })
    expect(heard.flatMap(message => (message.command === 'inv' ? entries(message.inventory) : []))).toEqual(
      [wanted, added].map(({ wtxid }) => ({ type: InventoryType.wtx, hash: wtxid })),
    )
    expect(only('inv', client.ask({ command: 'mempool' })).inventory).toHaveLength(2)
    client.ask({ command: 'filterclear' })
    expect(names(client.hears(() => node.spend()))).toEqual(['inv'])
  })

  it('make filtered blocks: what matches, its proof, and nothing without a filter', () => {
    const { node, join } = virtualNode()
    const [wanted] = [node.spend(), node.spend()]
    node.mine()
    const client = join()
    const getdata: Message = {
      command: 'getdata',
      inventory: [{ type: InventoryType.filteredBlock, hash: node.tip.hash }],
    }
    expect(client.ask(getdata)).toEqual([])
    client.ask(filterFor(wanted!).toMessage())
    const answers = client.ask(getdata)
    const proof = only('merkleblock', answers.slice(0, 1))
    expect(verifyMerkleBlock(proof).map(({ txid }) => toHex(txid))).toEqual([toHex(wanted!.txid)])
    const { transaction } = only('tx', answers.slice(1))
    expect(toHex(transaction.txid)).toBe(toHex(wanted!.txid))
    expect(transaction.hasWitness).toBe(false)
  })
})
