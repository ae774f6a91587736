import { filter, map, ReplaySubject, scan } from 'rxjs'
import {
  acceptEach,
  btcdPolicy,
  type CloseReason,
  type Endpoint,
  fromHex,
  InventoryType,
  open,
  type Peer,
  type PeerError,
  type PeerOptions,
  regtest,
  Services,
  type Traffic,
  toHex,
} from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import {
  BlockHeader,
  bytesToHex,
  checkMerkleRoot,
  checkWitnessCommitment,
  type Transaction,
  zeroHash,
} from 'rxpeer/wire'
import { beforeAll, expect, it } from 'vitest'
import { pushGetBlocks, pushGetHeaders } from '../../src/peer/push/locator.js'
import { describeBtcd } from './btcd.js'
import { handled, spendCoinbase, subversion } from './peers.js'
import { eventually, within } from './waiting.js'

/** Segwit is active on btcd's regtest after three windows of 144 blocks. */
const BLOCKS = 450

await describeBtcd('btcd', node => {
  /** Everything that was wrong with what btcd sent, in all tests. */
  const faults: unknown[] = []
  const options: PeerOptions = {
    network: regtest,
    policy: btcdPolicy,
    userAgent: { name: 'interop', version: '1.0.0' },
    services: Services.network | Services.witness,
    handshakeTimeout: 15_000,
    traffic: {
      next: ({ direction, command, error }: Traffic) => {
        if (direction === 'received' && error !== undefined) faults.push({ command, error })
      },
    },
  }
  const dial = (more: PeerOptions = {}) =>
    open(tcp({ host: node().host, port: node().port }), { ...options, ...more })

  /** By height, from 1 on, in display hex. */
  let hashes: readonly string[] = []
  /** Each test spends a coinbase of its own. */
  let height = 0
  function spend(): Promise<Transaction> {
    height += 1
    return spendCoinbase(node(), height)
  }

  const inMempool = (wanted: readonly Transaction[]) =>
    eventually('the transactions in the mempool', async () => {
      const pool = new Set(await node().rpc<string[]>('getrawmempool'))
      return wanted.every(({ txid }) => pool.has(toHex(txid))) || undefined
    })

  /** Ends a peer on our side: nothing else may have ended it before, and btcd sent nothing that could not be read. */
  async function leave(peer: Peer): Promise<void> {
    peer.disconnect()
    const ended: CloseReason = await within('the end', peer.closed$)
    expect(ended).toMatchObject({ by: 'local', code: 'disconnected' })
    expect(faults).toEqual([])
    await eventually('btcd lost its peer', async () => (await node().peers()).length === 0 || undefined)
    expect(node().complaints()).toEqual([])
  }

  beforeAll(async () => {
    hashes = await node().mine(BLOCKS)
    // What the network is that we speak of.
    expect(await node().rpc<string>('getblockhash', 0)).toBe(toHex(regtest.genesis.hash))
  })

  it('shakes hands: each side knows who the other is', async () => {
    await using peer = await dial({ newestBlock: () => ({ height: 7, hash: regtest.genesis.hash }) })
    expect(peer.direction).toBe('outbound')
    expect(peer.protocolVersion).toBe(70016)
    // btcd does not know wtxidrelay.
    expect(peer.features).toEqual({ wtxidRelay: false, addrV2: true })
    expect(peer.version).toMatchObject({
      protocolVersion: 70016,
      userAgent: expect.stringMatching(/^\/btcwire:[^/]+\/btcd:[^/]+\/$/),
      startHeight: BLOCKS,
      relay: true,
    })
    expect(peer.stats().witness).toBe(true)
    await handled(peer)
    const [info, ...others] = await node().peers()
    expect(others).toEqual([])
    expect(info).toMatchObject({
      version: 70016,
      subver: expect.stringMatching(subversion),
      services: '00000009',
      inbound: true,
      startingheight: 7,
      banscore: 0,
    })
    await leave(peer)
  })

  it.each([70016, 70015, 70013, 70012, 70002, 70001, 60002, 60001])(
    'speaks protocol version %i with us, pings and answers pings',
    async protocolVersion => {
      await using peer = await dial({ protocolVersion, pingInterval: 100 })
      expect(peer.protocolVersion).toBe(protocolVersion)
      expect(peer.features).toEqual({ wtxidRelay: false, addrV2: protocolVersion >= 70016 })
      await eventually('three answers to our pings', async () => {
        const { received, lastPingMicros } = peer.stats()
        return ((received.pong?.messages ?? 0) >= 3 && (lastPingMicros ?? 0) > 0) || undefined
      })
      const theirs = within('a ping', peer.on('ping'))
      const answer = within('our pong', peer.sent$.pipe(filter(({ command }) => command === 'pong')))
      await node().rpc('ping')
      expect(await answer).toEqual({ command: 'pong', nonce: (await theirs).nonce })
      await handled(peer)
      await leave(peer)
    },
  )

  it('serves headers and blocks, the same as its RPC tells', async () => {
    await using peer = await dial()
    const headers = within('headers', peer.on('headers'))
    pushGetHeaders(peer, [regtest.genesis.hash], zeroHash)
    const received = Array.from((await headers).headers)
    expect(received.map(({ hash }) => toHex(hash))).toEqual(hashes)
    received.reduce((previous, header) => {
      expect(toHex(header.previousBlock)).toBe(toHex(previous.hash))
      return header
    }, BlockHeader.from(regtest.genesis))

    const inv = within('an inv', peer.on('inv'))
    pushGetBlocks(peer, [fromHex(hashes[399] ?? '')], zeroHash)
    const listed = Array.from((await inv).inventory)
    expect(listed.map(({ hash }) => toHex(hash))).toEqual(hashes.slice(400))
    expect(new Set(listed.map(({ type }) => type))).toEqual(new Set([InventoryType.block]))

    const wanted = [1, 100, BLOCKS].map(at => hashes[at - 1] ?? '')
    const blocks = within(
      'three blocks',
      peer.on('block').pipe(
        scan((seen: string[], { block }) => {
          expect(checkMerkleRoot(block)).toBe(true)
          expect(checkWitnessCommitment(block)).not.toBe('mismatch')
          return [...seen, bytesToHex(block.bytes)]
        }, []),
        filter(seen => seen.length === wanted.length),
      ),
    )
    peer.send({
      command: 'getdata',
      inventory: wanted.map(hash => ({ type: InventoryType.witnessBlock, hash: fromHex(hash) })),
    })
    const raw = await Promise.all(wanted.map(hash => node().rpc<string>('getblock', hash, 0)))
    expect(await blocks).toEqual(raw)
    await leave(peer)
  })

  it('fetches each announced transaction once, and announces what others sent', async () => {
    await using peer = await dial({ trickleInterval: 50 })
    await using watcher = await dial()
    await Promise.all([handled(peer), handled(watcher)])
    const txs = [await spend(), await spend(), await spend()]
    const byTxid = new Map(txs.map(tx => [toHex(tx.txid), tx]))
    const fetched: string[] = []
    peer.on('getdata').subscribe(({ inventory }) => {
      for (const { type, hash } of inventory) {
        fetched.push(`${type.toString(16)} ${toHex(hash)}`)
        const transaction = byTxid.get(toHex(hash))
        if (transaction !== undefined) peer.send({ command: 'tx', transaction })
      }
    })
    const told = within(
      'all in inv',
      watcher.on('inv').pipe(
        scan(
          (seen: string[], { inventory }) => [...seen, ...Array.from(inventory, ({ hash }) => toHex(hash))],
          [],
        ),
        filter(seen => seen.length === txs.length),
      ),
    )
    for (const tx of [...txs, ...txs]) peer.announce(tx)
    await inMempool(txs)
    await handled(peer)
    const witnessTx = InventoryType.witnessTx.toString(16)
    expect(fetched.sort()).toEqual([...byTxid.keys()].map(txid => `${witnessTx} ${txid}`).sort())
    expect((await told).sort()).toEqual([...byTxid.keys()].sort())

    const served = within('the transaction', watcher.on('tx').pipe(map(({ transaction }) => transaction)))
    const [first] = txs
    if (!first) throw new Error('no transaction')
    watcher.send({ command: 'getdata', inventory: [{ type: InventoryType.witnessTx, hash: first.txid }] })
    expect(bytesToHex((await served).bytes)).toBe(bytesToHex(first.bytes))
    watcher.disconnect()
    await leave(peer)
  })

  it('announces a new block, by header where we ask for that', async () => {
    await using peer = await dial()
    await handled(peer)
    const inv = within('an inv', peer.on('inv'))
    const [first] = await node().mine(1)
    expect(Array.from((await inv).inventory, ({ hash }) => toHex(hash))).toContain(first)
    peer.send({ command: 'sendheaders' })
    await handled(peer)
    const headers = within('headers', peer.on('headers'))
    const [second] = await node().mine(1)
    expect(Array.from((await headers).headers, ({ hash }) => toHex(hash))).toEqual([second])
    await leave(peer)
  })

  it('answers notfound, serves compact filters, and says nothing to what it does not know', async () => {
    await using peer = await dial()
    const unknown = { type: InventoryType.witnessTx, hash: new Uint8Array(32).fill(9) }
    const notfound = within('notfound', peer.on('notfound'))
    peer.send({ command: 'getdata', inventory: [unknown] })
    expect([...(await notfound).inventory]).toEqual([unknown])

    const stop = fromHex(hashes[9] ?? '')
    const filters = within(
      'ten filters',
      peer.on('cfilter').pipe(
        scan((seen: string[], { blockHash }) => [...seen, toHex(blockHash)], []),
        filter(seen => seen.length === 10),
      ),
    )
    peer.send({ command: 'getcfilters', filterType: 0, startHeight: 1, stop })
    expect((await filters).sort()).toEqual(hashes.slice(0, 10).toSorted())

    peer.send({ command: 'unknown', name: 'nobodyknows', payload: Uint8Array.of(1, 2, 3) })
    peer.send({ command: 'sendcmpct', highBandwidth: false, version: 2n })
    peer.send({ command: 'feefilter', feeRate: 1000n })
    peer.send({ command: 'getaddr' })
    await handled(peer)
    await leave(peer)
  })

  it('dials us, and both sides answer pings', async () => {
    const listening$ = new ReplaySubject<Endpoint>(1)
    const peers$ = new ReplaySubject<Peer>(1)
    const failures: PeerError[] = []
    const listener = listen({ host: '127.0.0.1', port: 0, listening: at => listening$.next(at) })
      .pipe(acceptEach({ ...options, failed: error => failures.push(error) }))
      .subscribe(peers$)
    try {
      const { port } = await within('the listener listens', listening$)
      await node().rpc('addnode', `127.0.0.1:${port}`, 'onetry')
      await using peer = await within('btcd dials', peers$)
      expect(peer.direction).toBe('inbound')
      expect(peer.protocolVersion).toBe(70016)
      expect(peer.features).toEqual({ wtxidRelay: false, addrV2: true })
      await handled(peer)
      const answer = within('our pong', peer.sent$.pipe(filter(({ command }) => command === 'pong')))
      await node().rpc('ping')
      await answer
      await handled(peer)
      expect(await node().peers()).toMatchObject([
        {
          addr: `127.0.0.1:${port}`,
          version: 70016,
          subver: expect.stringMatching(subversion),
          inbound: false,
        },
      ])
      await leave(peer)
      expect(failures).toEqual([])
    } finally {
      listener.unsubscribe()
    }
  })
})
