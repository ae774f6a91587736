import { of } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import type { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import { corePolicy } from '../../src/peer/policy.js'
import {
  chaos,
  frameOf,
  type Lie,
  type Misbehaviour,
  memoryPair,
  mergeChunks,
  misbehave,
  seededRandom,
  splitEvery,
  virtualTime,
} from '../../src/testing/index.js'
import { Deframer } from '../../src/wire/deframer.js'
import { equalBytes, toHex } from '../../src/wire/hex.js'
import { type Inventory, InventoryType } from '../../src/wire/inventory.js'
import { checkMerkleRoot } from '../../src/wire/merkle.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { checkProofOfWork } from '../../src/wire/work.js'
import { blockAt, entries, only, virtualNode } from '../support/embedded.js'

const names = (messages: readonly Message[]) => messages.map(({ command }) => command)
const ping = { command: 'ping', nonce: 1n } as const
const stop = new Uint8Array(32)

/** A client of a node that misbehaves, and how it ends. */
function visiting(script: readonly Misbehaviour[], options: PeerOptions = {}) {
  const virtual = virtualNode()
  const errors: PeerError[] = []
  const received: Message[] = []
  const peers: Peer[] = []
  connect(virtual.node.dialWith(...script), {
    network: regtest,
    scheduler: virtual.time.scheduler,
    ...options,
  }).subscribe({
    next: peer => {
      peers.push(peer)
      peer.messages$.subscribe(message => received.push(message))
    },
    error: (error: PeerError) => errors.push(error),
  })
  virtual.time.advance(0)
  const ask = (...messages: readonly Message[]) => {
    const before = received.length
    for (const message of messages) peers[0]?.send(message)
    virtual.time.advance(0)
    return received.slice(before)
  }
  const codes = () => errors.map(({ code }) => code)
  return { ...virtual, received, peers, ask, codes, errors }
}

describe('a misbehaving node', () => {
  it('falls silent with a message and stays connected', () => {
    // version, wtxidrelay, sendaddrv2, verack, sendcmpct, pong
    const { ask, codes, peers } = visiting([{ does: 'silence', from: 7 }])
    expect(names(ask(ping))).toEqual(['pong'])
    expect(ask(ping, { command: 'getaddr' })).toEqual([])
    expect([peers.length, codes()]).toEqual([1, []])
  })

  it('is silent in the handshake, which ends by a timeout', () => {
    const { codes, time, node } = visiting([{ does: 'silence', from: { command: 'verack' } }])
    time.advance(29_999)
    expect(codes()).toEqual([])
    time.advance(1)
    expect(codes()).toEqual(['handshake-timeout'])
    expect(node.peers).toEqual([])
  })

  it('never says some things', () => {
    const { ask, node } = visiting([{ does: 'mute', commands: ['pong', 'inv'] }])
    expect(names(ask(ping, { command: 'mempool' }))).toEqual([])
    const locator = [blockAt(node, 109).hash]
    expect(names(ask(ping, { command: 'getheaders', version: 70_016, locator, stop }))).toEqual(['headers'])
  })

  it.each<[Misbehaviour, string]>([
    [{ does: 'wrong-checksum', at: { command: 'pong', nth: 2 } }, 'bad-checksum'],
    [{ does: 'truncate', at: { command: 'pong', nth: 2 } }, 'truncated'],
    [{ does: 'wrong-magic', at: { command: 'pong', nth: 2 } }, 'wrong-magic'],
    [{ does: 'oversize', at: { command: 'pong', nth: 2 } }, 'oversized-frame'],
    [{ does: 'disconnect', at: { command: 'pong', nth: 2 } }, 'remote-closed'],
    [{ does: 'disconnect', at: { command: 'pong', nth: 2 }, how: 'reset' }, 'connection-reset'],
    [{ does: 'disconnect', at: { command: 'pong', nth: 2 }, how: 'mid-frame' }, 'truncated-frame'],
  ])('leads by %j to %s, with that very message', (misbehaviour, code) => {
    const { ask, codes, node, time } = visiting([misbehaviour])
    expect(names(ask(ping))).toEqual(['pong'])
    expect(codes()).toEqual([])
    expect(names(ask(ping))).toEqual([])
    expect(codes()).toEqual([code])
    expect(node.peers).toEqual([])
    expect(time.pending).toBe(0)
  })

  it('does one thing after the other, each counting what would have been written', () => {
    const { ask, received, codes } = visiting(
      [
        { does: 'mute', commands: ['sendcmpct'] },
        { does: 'wrong-checksum', at: 6 },
        { does: 'disconnect', at: 8 },
      ],
      { policy: corePolicy },
    )
    expect(received).toEqual([])
    expect(names(ask(ping))).toEqual([])
    expect(names(ask(ping))).toEqual(['pong'])
    ask(ping)
    expect(codes()).toEqual(['remote-closed'])
  })

  it('drips: so many bytes every so many ms', () => {
    const { ask, received, peers, time } = visiting([{ does: 'drip', bytes: 10, every: 100 }])
    expect(peers).toEqual([])
    time.advance(10_000)
    expect(names(received)).toEqual(['sendcmpct'])
    expect(names(ask(ping))).toEqual([])
    // 24 bytes of header and 8 of nonce.
    time.advance(399)
    expect(names(received)).toEqual(['sendcmpct'])
    time.advance(1)
    expect(names(received)).toEqual(['sendcmpct', 'pong'])
  })

  it('drips one message behind the other, the last drop of each by itself', () => {
    const { scheduler, advance } = virtualTime()
    const [near, far] = memoryPair({ scheduler })
    const dripping = misbehave(near, [{ does: 'drip', bytes: 20, every: 10 }], { scheduler })
    const drops: Uint8Array[] = []
    const written: string[] = []
    far.bytes$.subscribe(drop => drops.push(drop))
    const frames = [frameOf(ping), frameOf({ command: 'verack' }), frameOf({ command: 'getaddr' })]
    for (const [i, frame] of frames.entries())
      dripping.write(frame, () => written.push(`${i} ${drops.length}`))
    advance(1_000)
    expect(drops.map(({ length }) => length)).toEqual([20, 12, 20, 4, 20, 4])
    expect(mergeChunks(drops)).toEqual(mergeChunks(frames))
    expect(written).toEqual(['0 1', '1 3', '2 5'])
  })

  it('does not drip on behind the end', () => {
    const { ask, peers, time, node } = visiting([{ does: 'drip', bytes: 100, every: 10 }])
    time.advance(1_000)
    ask(ping)
    expect(node.peers).toHaveLength(1)
    peers[0]?.disconnect()
    time.advance(0)
    expect(node.peers).toEqual([])
    expect(time.pending).toBe(0)
  })
})

describe('a lying node', () => {
  const liar = (about: Lie) => visiting([{ does: 'lie', about }])
  type Visit = ReturnType<typeof liar>

  const headersFrom = ({ ask, node }: Visit, height: number) => {
    const locator = [blockAt(node, height).hash]
    return Array.from(only('headers', ask({ command: 'getheaders', version: 70_016, locator, stop })).headers)
  }
  const fetch = ({ ask }: Visit, ...inventory: readonly Inventory[]) => ask({ command: 'getdata', inventory })
  const tipOf = ({ node }: Visit) => ({ type: InventoryType.witnessBlock, hash: node.tip.hash })
  const works = { limit: regtest.powLimit }

  it('tells of headers with work that follow each other, but nothing known', () => {
    const visit = liar('detached-headers')
    const headers = headersFrom(visit, 100)
    expect(headers).toHaveLength(10)
    const known = new Set(Array.from(visit.node.blocks, ({ hash }) => toHex(hash)))
    expect(known.has(toHex(headers[0]!.previousBlock))).toBe(false)
    for (const [index, header] of headers.entries()) {
      expect(checkProofOfWork(header, works)).toBe(true)
      if (index > 0) expect(equalBytes(header.previousBlock, headers[index - 1]!.hash)).toBe(true)
    }
  })

  it('tells of a last header without work', () => {
    const visit = liar('headers-without-work')
    const headers = headersFrom(visit, 100)
    expect(headers.map(header => checkProofOfWork(header, works))).toEqual([...Array(9).fill(true), false])
    expect(equalBytes(headers[9]!.previousBlock, headers[8]!.hash)).toBe(true)
    expect(headersFrom(visit, 110)).toEqual([])
  })

  it('gives another block than the one asked for', () => {
    const visit = liar('other-block')
    const { block } = only('block', fetch(visit, tipOf(visit)))
    expect(toHex(block.hash)).not.toBe(toHex(visit.node.tip.hash))
    expect(checkProofOfWork(block.header, works)).toBe(true)
    expect(checkMerkleRoot(block)).toBe(true)
  })

  it('gives the block with other transactions', () => {
    const visit = liar('tampered-block')
    const { block } = only('block', fetch(visit, tipOf(visit)))
    expect(toHex(block.hash)).toBe(toHex(visit.node.tip.hash))
    expect(checkMerkleRoot(block)).toBe(false)
  })

  it('gives another transaction than the one asked for', () => {
    const visit = liar('other-transaction')
    const { wtxid, txid } = visit.node.spend()
    visit.time.advance(0)
    const { transaction } = only('tx', fetch(visit, { type: InventoryType.wtx, hash: wtxid }))
    expect(toHex(transaction.wtxid)).not.toBe(toHex(wtxid))
    expect(toHex(transaction.txid)).not.toBe(toHex(txid))
  })

  it('denies what is there, by the entries that were asked for', () => {
    const visit = liar('nothing-found')
    const { txid } = visit.node.spend()
    visit.time.advance(0)
    const wanted = [
      { type: InventoryType.witnessTx, hash: txid },
      { type: InventoryType.compactBlock, hash: blockAt(visit.node, 109).hash },
      tipOf(visit),
    ]
    const denied = fetch(visit, ...wanted).flatMap(message =>
      message.command === 'notfound' ? entries(message.inventory) : [],
    )
    expect(denied).toEqual(wanted)
  })

  it('announces what nobody has', () => {
    const visit = liar('invented-inventory')
    const seen = visit.received.length
    const { wtxid } = visit.node.spend()
    visit.time.advance(0)
    const { inventory } = only('inv', visit.received.slice(seen))
    expect(inventory).toHaveLength(1)
    expect(toHex(inventory.at(0)!.hash)).not.toBe(toHex(wtxid))
    expect(fetch(visit, inventory.at(0)!).map(({ command }) => command)).toEqual(['notfound'])
  })
})

describe('misbehave', () => {
  it('wraps any connection, without touching what its owner reads', () => {
    const { node, time, failures } = virtualNode({ blocks: 0 })
    const { scheduler } = time
    const [near, far] = memoryPair({ scheduler })
    node.serve(of(far)).subscribe()
    const errors: PeerError[] = []
    const bad = misbehave(near, [{ does: 'wrong-checksum', at: { command: 'verack' } }], { scheduler })
    expect([bad.local, bad.remote, bad.proxied]).toEqual([near.local, near.remote, near.proxied])
    connect(of(bad), { network: regtest, scheduler }).subscribe({ error: error => errors.push(error) })
    time.advance(0)
    expect(failures.map(({ code }) => code)).toEqual(['bad-checksum'])
    expect(errors.map(({ code }) => code)).toEqual(['remote-closed'])
  })

  it.each([
    [[], 0],
    [[{ does: 'silence', from: 5 }], 0],
    [
      [
        { does: 'silence', from: 5 },
        { does: 'lie', about: 'nothing-found' },
      ],
      1,
    ],
  ] as const)('looks into what it reads only for a lie: %j', (script, looks) => {
    const { scheduler, advance } = virtualTime()
    const [near, far] = memoryPair({ scheduler })
    const push = vi.spyOn(Deframer.prototype, 'push')
    misbehave(near, script, { scheduler }).bytes$.subscribe()
    far.write(frameOf(ping))
    advance(0)
    expect(push).toHaveBeenCalledTimes(looks)
    push.mockRestore()
  })

  it('denies also what it was asked for byte by byte', () => {
    const { node, time } = virtualNode({ blocks: 1 })
    const { scheduler } = time
    const [near, far] = memoryPair({ scheduler })
    const slow = chaos(far, { inbound: { split: splitEvery(1) }, scheduler })
    node.serve(of(misbehave(slow, [{ does: 'lie', about: 'nothing-found' }], { scheduler }))).subscribe()
    const received: Message[] = []
    connect(of(near), { network: regtest, scheduler }).subscribe(peer => {
      peer.messages$.subscribe(message => received.push(message))
      const inventory = [{ type: InventoryType.witnessBlock, hash: node.tip.hash }]
      peer.send({ command: 'getdata', inventory })
    })
    time.advance(0)
    expect(names(received)).toEqual(['sendcmpct', 'notfound'])
  })

  it('survives garbage from the other side', () => {
    const { time } = virtualNode({ blocks: 0 })
    const { scheduler } = time
    const [near, far] = memoryPair({ scheduler })
    const read: number[] = []
    misbehave(near, [{ does: 'lie', about: 'nothing-found' }], { scheduler }).bytes$.subscribe(chunk =>
      read.push(chunk.length),
    )
    far.write(new Uint8Array(30).fill(0xff))
    time.advance(0)
    far.write(new Uint8Array(5))
    time.advance(0)
    expect(read).toEqual([30, 5])
  })
})

describe('node.connect', () => {
  it('serves whoever is dialled, as an outbound peer that goes with its end', () => {
    const { node, time } = virtualNode({ blocks: 3, addresses: [] })
    const { scheduler } = time
    // With other dice: the same nonces would look like a self-connection.
    const { node: other } = virtualNode({ blocks: 0, random: seededRandom(2) })
    const errors: PeerError[] = []
    const served: Peer[] = []
    const received: Message[] = []
    const [near, far] = memoryPair({ scheduler })
    other.serve(of(far)).subscribe(peer => {
      peer.messages$.subscribe(message => received.push(message))
      peer.send({ command: 'getheaders', version: 70_016, locator: [regtest.genesis.hash], stop })
    })
    const subscription = node.connect(of(near)).subscribe({
      next: peer => served.push(peer),
      error: error => errors.push(error),
    })
    time.advance(0)
    expect(node.peers).toEqual(served)
    expect(served.map(({ direction }) => direction)).toEqual(['outbound'])
    expect(only('headers', received.slice(1)).headers).toHaveLength(3)
    subscription.unsubscribe()
    expect(node.peers).toEqual([])
    expect(errors).toEqual([])
  })
})
