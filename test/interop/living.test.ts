import { filter, scan, VirtualTimeScheduler } from 'rxjs'
import { type CloseReason, InventoryType, open, type Peer, type PeerOptions, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import { type Inventory, type Transaction, zeroHash } from 'rxpeer/wire'
import { beforeAll, expect, it } from 'vitest'
import { describeLitecoind, litecoinRegtest } from './litecoind.js'
import { asNode, handled, spendCoinbase } from './peers.js'
import { eventually, within } from './waiting.js'

/** Time that passes only when it is told to. */
function steppedTime() {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const clock = { monotonic: () => scheduler.now(), epoch: () => Date.now() }
  return {
    options: { scheduler, clock } satisfies PeerOptions,
    /** Lets `ms` pass, and runs what is due meanwhile. */
    pass(ms: number): void {
      scheduler.maxFrames += ms
      scheduler.flush()
    },
  }
}

/** Bytes of a ping or a pong on the wire. */
const size = 32

describeLitecoind('a peer that lives with litecoind', node => {
  const dial = (options: PeerOptions, port = node().port) =>
    open(tcp({ host: node().host, port }), { ...asNode, ...options })

  /** A peer in stepped time. The macrotask for which `open` holds delivery is a step of no length. */
  async function dialIn(time: ReturnType<typeof steppedTime>): Promise<Peer> {
    const peer = await dial(time.options)
    time.pass(0)
    return peer
  }

  /** The ends of a peer, so far. */
  function endsOf(peer: Peer): readonly CloseReason[] {
    const ends: CloseReason[] = []
    peer.closed$.subscribe(end => ends.push(end))
    return ends
  }

  beforeAll(async () => {
    // A coinbase can be spent 100 blocks later.
    await node().mine(110)
  })

  it('stays connected for ten minutes, with pings both ways every two minutes', async () => {
    const time = steppedTime()
    const start = Math.floor(Date.now() / 1000)
    await node().rpc('setmocktime', start)
    try {
      await using peer = await dialIn(time)
      const ends = endsOf(peer)
      // The node pings at once; it does not again before that is answered.
      await node().peer('the first pong', ({ bytesrecv_per_msg: { pong } }) => pong === size)
      for (const minutes of [2, 4, 6, 8, 10]) {
        time.pass(120_000)
        // The node pings when more than two minutes have passed.
        await node().rpc('setmocktime', start + minutes * 60 + minutes)
        const pings = minutes / 2
        await eventually(`pings both ways after ${minutes} minutes`, async () => {
          const { sent, received, lastPingNonce } = peer.stats()
          const ours = sent.ping?.messages === pings && received.pong?.messages === pings
          const theirs = received.ping?.messages === 1 + pings && sent.pong?.messages === 1 + pings
          return (ours && theirs && lastPingNonce === 0n) || undefined
        })
      }
      await handled(peer)
      expect(ends).toEqual([])
      const [info] = await node().peers()
      expect(info?.bytesrecv_per_msg).toMatchObject({ ping: 6 * size, pong: 6 * size })
      expect(node().offences()).toEqual([])
    } finally {
      await node().rpc('setmocktime', 0)
    }
  })

  it.each([
    [70016, InventoryType.wtx, InventoryType.wtx],
    [70015, InventoryType.tx, InventoryType.witnessTx],
  ])(
    'announces transactions at version %i: each is fetched once, and in the mempool',
    async (protocolVersion, announcedAs, fetchedAs) => {
      await using peer = await dial({ protocolVersion, trickleInterval: 50 }, node().trustedPort)
      await handled(peer)
      const hashOf = ({ txid, wtxid }: Transaction) => toHex(protocolVersion >= 70016 ? wtxid : txid)
      const first = protocolVersion === 70016 ? 1 : 5
      const txs = await Promise.all([0, 1, 2].map(i => spendCoinbase(node(), first + i)))
      const last = await spendCoinbase(node(), first + 3)
      const byHash = new Map([...txs, last].map(tx => [hashOf(tx), tx]))

      const announced: Inventory[] = []
      const fetched: Inventory[] = []
      peer.sent$.subscribe(message => {
        if (message.command === 'inv') announced.push(...message.inventory)
      })
      peer.on('getdata').subscribe(({ inventory }) => {
        for (const entry of inventory) {
          fetched.push(entry)
          const transaction = byHash.get(toHex(entry.hash))
          if (transaction !== undefined) peer.send({ command: 'tx', transaction })
        }
      })

      const inMempool = (wanted: readonly Transaction[]) =>
        eventually('the transactions in the mempool', async () => {
          const pool = new Set(await node().rpc<string[]>('getrawmempool'))
          return wanted.every(({ txid }) => pool.has(toHex(txid))) || undefined
        })
      for (const tx of [...txs, ...txs]) peer.announce(tx)
      await inMempool(txs)
      // A trickle later than all of these, so that it would have carried what is announced twice.
      for (const tx of [...txs, last]) peer.announce(tx)
      await inMempool([last])
      await handled(peer)

      const each = [...byHash.keys()].sort()
      const hashes = (entries: readonly Inventory[]) => entries.map(({ hash }) => toHex(hash)).sort()
      expect(hashes(announced)).toEqual(each)
      expect(hashes(fetched)).toEqual(each)
      expect(new Set(announced.map(({ type }) => type))).toEqual(new Set([announcedAs]))
      expect(new Set(fetched.map(({ type }) => type))).toEqual(new Set([fetchedAs]))
      expect(node().offences()).toEqual([])
    },
  )

  it('announces in one inv what was announced before one trickle', async () => {
    await using peer = await dial({ trickleInterval: 50 })
    await handled(peer)
    const sizes = within(
      'two inv',
      peer.sent$.pipe(
        filter(message => message.command === 'inv'),
        scan((seen: number[], { inventory }) => [...seen, inventory.length], []),
        filter(seen => seen.length === 2),
      ),
    )
    const ids = Array.from({ length: 1500 }, (_, i) =>
      new Uint8Array(32)
        .fill(1)
        .with(0, i & 0xff)
        .with(1, i >> 8),
    )
    for (const txid of ids) peer.announce({ txid, wtxid: txid })
    expect(await sizes).toEqual([1000, 500])
    await handled(peer)
    expect(node().offences()).toEqual([])
  })

  const getheaders = {
    command: 'getheaders',
    version: 70016,
    locator: [litecoinRegtest.genesis.hash],
    stop: zeroHash,
  } as const

  it('closes a node that has stopped in its tracks, 90 s after getheaders', async () => {
    const time = steppedTime()
    await using peer = await dialIn(time)
    await handled(peer)
    const ends = endsOf(peer)
    await node().whileStopped(async () => {
      expect(await within('getheaders is written', peer.send(getheaders))).toBe(true)
      time.pass(75_000)
      expect(ends).toEqual([])
      time.pass(15_000)
      expect(ends).toMatchObject([{ by: 'local', code: 'stalled' }])
    })
    await eventually('the node lost its peer', async () => (await node().peers()).length === 0 || undefined)
  })

  it('stays with a node that answers getheaders', async () => {
    const time = steppedTime()
    await using peer = await dialIn(time)
    const ends = endsOf(peer)
    const headers = within('headers', peer.on('headers'))
    expect(await within('getheaders is written', peer.send(getheaders))).toBe(true)
    await headers
    time.pass(110_000)
    await handled(peer)
    expect(ends).toEqual([])
  })
})
