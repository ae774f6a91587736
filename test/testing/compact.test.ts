import { describe, expect, it } from 'vitest'
import { getFilters } from '../../src/requests/get-filters.js'
import { HeaderChain } from '../../src/requests/header-chain.js'
import type { RequestError } from '../../src/requests/request-error.js'
import { render } from '../../src/testing/render.js'
import { BlockFilter, FilterType, filterHeader } from '../../src/wire/filter.js'
import { type Hash, zeroHash } from '../../src/wire/hash.js'
import { bytesToHex, toHex } from '../../src/wire/hex.js'
import { InventoryType } from '../../src/wire/inventory.js'
import type { Message, MessageOf } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { reconstruct } from '../../src/wire/reconstruct.js'
import { Services } from '../../src/wire/services.js'
import { Transaction } from '../../src/wire/transaction.js'
import { blockAt, only, virtualNode } from '../support/embedded.js'

const plainInput = { scriptSig: new Uint8Array(0), sequence: 0xffff_ffff, witness: [] }
const nobody = new Uint8Array(32).fill(0xee)

describe('compact filters', () => {
  const { node, join } = virtualNode({ blocks: 2_100 })
  /** Of no other output, so that it comes into a filter only where it is paid to and where it is spent. */
  const rare = Uint8Array.of(0x51, 0x51)
  const paid = node.spend({ outputs: [{ value: 5_000n, scriptPubKey: rare }] })
  node.mine()
  node.submit(
    Transaction.from({
      version: 2,
      inputs: [{ ...plainInput, outpoint: { txid: paid.txid, index: 0 } }],
      outputs: [{ value: 4_000n, scriptPubKey: Uint8Array.of(0x52) }],
      lockTime: 0,
    }),
  )
  const [last] = node.mine()
  const { ask } = join()
  const filterType = FilterType.basic
  const stopAt = (height: number): Hash => blockAt(node, height).hash

  function filters(startHeight: number, stop: Hash): MessageOf<'cfilter'>[] {
    const answers = ask({ command: 'getcfilters', filterType, startHeight, stop })
    return answers.filter((message): message is MessageOf<'cfilter'> => message.command === 'cfilter')
  }

  it('are those of the blocks, spent scripts included', () => {
    const [filter, ...others] = filters(2_102, node.tip.hash)
    expect(others).toEqual([])
    expect(last!.transactions).toHaveLength(2)
    const own = BlockFilter.fromBlock(last!, [rare])
    expect(own.match(rare)).toBe(true)
    expect(bytesToHex(filter!.filter)).toBe(bytesToHex(own.bytes))
    expect(toHex(filter!.blockHash)).toBe(toHex(node.tip.hash))
  })

  it('come for a range, lowest first, at most 1000', () => {
    const range = filters(5, stopAt(9))
    expect(range.map(({ blockHash }) => toHex(blockHash))).toEqual(
      [5, 6, 7, 8, 9].map(height => toHex(stopAt(height))),
    )
    expect(filters(0, stopAt(999))).toHaveLength(1_000)
    expect(filters(0, stopAt(1_000))).toEqual([])
  })

  it('are linked by headers, in pages of 2000, with those of every 1000th block as checkpoints', () => {
    const page = (startHeight: number, stop: Hash) =>
      only('cfheaders', ask({ command: 'getcfheaders', filterType, startHeight, stop }))
    const first = page(0, stopAt(1_999))
    expect(first.filterHashes).toHaveLength(2_000)
    expect(toHex(first.previousFilterHeader)).toBe(toHex(zeroHash))
    const headers: Hash[] = []
    for (const hash of first.filterHashes) headers.push(filterHeader(hash, headers.at(-1) ?? zeroHash))
    const second = page(2_000, node.tip.hash)
    expect(toHex(second.previousFilterHeader)).toBe(toHex(headers[1_999]!))
    for (const hash of second.filterHashes) headers.push(filterHeader(hash, headers.at(-1)!))
    expect(headers).toHaveLength(2_103)

    const { filterHeaders } = only(
      'cfcheckpt',
      ask({ command: 'getcfcheckpt', filterType, stop: node.tip.hash }),
    )
    expect(Array.from(filterHeaders, toHex)).toEqual([1_000, 2_000].map(height => toHex(headers[height]!)))
    expect(ask({ command: 'getcfheaders', filterType, startHeight: 0, stop: stopAt(2_000) })).toEqual([])
  })

  it.each<[string, Message]>([
    ['of another type', { command: 'getcfilters', filterType: 1, startHeight: 1, stop: stopAt(2) }],
    ['up to an unknown block', { command: 'getcfheaders', filterType, startHeight: 1, stop: nobody }],
    ['that end before they start', { command: 'getcfilters', filterType, startHeight: 3, stop: stopAt(2) }],
    ['up to an unknown checkpoint', { command: 'getcfcheckpt', filterType, stop: nobody }],
  ])('are not given %s', (_, request) => {
    expect(ask(request)).toEqual([])
  })

  it('are not given by a node that does not offer them', () => {
    const without = virtualNode({ blocks: 1, services: Services.network })
    const { tip } = without.node
    const request = { command: 'getcfilters', filterType, startHeight: 0, stop: tip.hash } as const
    expect(without.join().ask(request)).toEqual([])
  })

  it('follow a reorganisation', () => {
    const other = virtualNode()
    other.node.spend()
    other.node.mine()
    const client = other.join()
    const ofTip = () =>
      only(
        'cfheaders',
        client.ask({ command: 'getcfheaders', filterType, startHeight: 111, stop: other.node.tip.hash }),
      )
    const before = ofTip()
    client.hears(() => other.node.reorganise({ length: 2 }))
    const after = ofTip()
    expect(toHex(after.previousFilterHeader)).toBe(toHex(before.previousFilterHeader))
    expect(after.filterHashes).toHaveLength(2)
    expect(toHex(after.filterHashes.at(0)!)).not.toBe(toHex(before.filterHashes.at(0)!))
  })
})

describe('compact filters of blocks beside the chain', () => {
  const filterType = FilterType.basic

  /** A node whose block 1,000 and the one after it were replaced, what it said before of the tip, and how to ask again. */
  function replaced() {
    const { node, join } = virtualNode({ blocks: 999 })
    node.spend()
    const [, old] = node.mine(2)
    const { peer, ask } = join()
    const stop = old!.hash
    const tell = () => [
      ...ask({ command: 'getcfheaders', filterType, startHeight: 990, stop }),
      ...ask({ command: 'getcfilters', filterType, startHeight: 999, stop }),
      ...ask({ command: 'getcfcheckpt', filterType, stop }),
    ]
    return { node, peer, tell }
  }

  it('are given as before a reorganisation replaced them', () => {
    const { node, tell } = replaced()
    const before = tell()
    expect(before.map(({ command }) => command)).toEqual([
      'cfheaders',
      ...Array(3).fill('cfilter'),
      'cfcheckpt',
    ])
    node.reorganise({ depth: 2 })
    const after = tell().filter(({ command }) => command !== 'inv')
    expect(after.map(render)).toEqual(before.map(render))
  })

  it('are the same where nobody asked before', () => {
    const before = replaced().tell()
    const { node, tell } = replaced()
    node.reorganise({ depth: 2 })
    expect(
      tell()
        .filter(({ command }) => command !== 'inv')
        .map(render),
    ).toEqual(before.map(render))
  })

  it('are not given where the block was never part of the chain', () => {
    const { node, join } = virtualNode()
    const { node: other } = virtualNode()
    node.mine(2)
    other.spend()
    const [aside] = other.mine()
    expect(node.submitBlock(aside!)).toBe('kept')
    const { ask } = join()
    const stop = aside!.hash
    expect(ask({ command: 'getcfheaders', filterType, startHeight: 100, stop })).toEqual([])
    expect(ask({ command: 'getcfilters', filterType, startHeight: 100, stop })).toEqual([])
    expect(ask({ command: 'getcfcheckpt', filterType, stop })).toEqual([])
  })

  it.each(['before the first answer', 'behind the filter headers'])(
    'let getFilters finish what it began, with a reorganisation %s',
    when => {
      const { node, join, time } = virtualNode({ blocks: 20 })
      const { peer } = join()
      const chain = new HeaderChain(regtest)
      chain.add(Array.from(node.blocks, ({ header }) => header).slice(1))
      const wanted = Array.from(node.blocks, ({ hash }) => toHex(hash))
      const seen: string[] = []
      const ends: string[] = []
      getFilters(peer, chain, { start: 0 }).subscribe({
        next: ({ blockHash }) => seen.push(toHex(blockHash)),
        error: ({ code }: RequestError) => ends.push(code),
        complete: () => ends.push('complete'),
      })
      if (when === 'before the first answer') node.reorganise({ depth: 3 })
      else peer.on('cfheaders').subscribe(() => node.reorganise({ depth: 3 }))
      time.advance(600_000)
      expect(ends).toEqual(['complete'])
      expect(seen).toEqual(wanted)
    },
  )
})

describe('compact blocks', () => {
  const offer = { command: 'sendcmpct', highBandwidth: false, version: 2n } as const

  it('are offered after the handshake, to those who know them', () => {
    const { join } = virtualNode({ blocks: 0 })
    expect(join().received).toEqual([offer])
    expect(join({ protocolVersion: 70_013 }).received).toEqual([])
  })

  it('announce a single new block to those who asked for that by version 2, headers any other number', () => {
    const { node, join } = virtualNode()
    const client = join()
    const names = (run: () => void) => client.hears(run).map(({ command }) => command)
    client.ask({ ...offer, highBandwidth: true, version: 1n })
    expect(names(() => node.mine())).toEqual(['inv'])
    client.ask({ ...offer, highBandwidth: true }, { command: 'sendheaders' })
    expect(names(() => node.mine())).toEqual(['cmpctblock'])
    expect(names(() => node.mine(2))).toEqual(['headers'])
    client.ask(offer)
    expect(names(() => node.mine())).toEqual(['headers'])
  })

  it('lead to the block, with what is missing asked for', () => {
    const { node, join } = virtualNode()
    const client = join()
    client.ask({ ...offer, highBandwidth: true })
    const known: Transaction[] = []
    client.hears(() => {
      known.push(node.spend())
      node.spend()
    })
    const [compact] = client.hears(() => node.mine())
    if (compact?.command !== 'cmpctblock') throw new Error('no compact block')
    const state = reconstruct(compact, known)
    if (state.state !== 'missing') throw new Error(state.state)
    expect(state.indexes).toEqual([2])
    const blockHash = node.tip.hash
    const answer = only('blocktxn', client.ask({ command: 'getblocktxn', blockHash, indexes: state.indexes }))
    const done = state.fill(answer)
    if (done.state !== 'complete') throw new Error(done.state)
    expect(bytesToHex(done.block.bytes)).toBe(bytesToHex(blockAt(node, 111).bytes))
  })

  it('come by getdata up to 5 blocks below the tip, and whole below that', () => {
    const { node, join } = virtualNode()
    const { ask } = join()
    const at = (height: number) =>
      ask({
        command: 'getdata',
        inventory: [{ type: InventoryType.compactBlock, hash: blockAt(node, height).hash }],
      })
    expect(toHex(only('cmpctblock', at(105)).header.hash)).toBe(toHex(blockAt(node, 105).hash))
    expect(toHex(only('block', at(104)).block.hash)).toBe(toHex(blockAt(node, 104).hash))
  })

  it('get their transactions up to 10 blocks below the tip, whole blocks below, and nothing for nonsense', () => {
    const { node, join } = virtualNode()
    const { ask } = join()
    const at = (blockHash: Hash, ...indexes: number[]) => ask({ command: 'getblocktxn', blockHash, indexes })
    const { transactions } = only('blocktxn', at(blockAt(node, 100).hash, 0))
    expect(toHex(transactions.at(0)!.wtxid)).toBe(toHex(blockAt(node, 100).transactions.at(0)!.wtxid))
    expect(toHex(only('block', at(blockAt(node, 99).hash, 0)).block.hash)).toBe(toHex(blockAt(node, 99).hash))
    expect(at(blockAt(node, 100).hash, 0, 1)).toEqual([])
    expect(at(nobody, 0)).toEqual([])
  })
})
