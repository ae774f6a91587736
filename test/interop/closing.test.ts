import { finalize, mergeMap, ReplaySubject, tap, toArray } from 'rxjs'
import { connect, type Endpoint, fromHex, type Message, open, type PeerOptions, Services } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import {
  Block,
  BlockHeader,
  BloomUpdate,
  decodeMessage,
  encodeFrame,
  FilterType,
  hasServices,
  hexToBytes,
  zeroHash,
} from 'rxpeer/wire'
import { describe, expect, it } from 'vitest'
import { frames } from '../support/frames.js'
import { describeLitecoind, type Litecoind, litecoinRegtest } from './litecoind.js'
import { asNode, handled, tapped } from './peers.js'
import { eventually, within } from './waiting.js'

/** How the end of a connection by the remote looks: an EOF, or a reset where it left something unread. */
const closedByRemote = { by: 'remote', code: expect.stringMatching(/^(remote-closed|connection-reset)$/) }

const { magic, genesis } = litecoinRegtest

/** A frame whose header says what `change` makes of it. */
function frame(name: string, payload: Uint8Array, change: (header: DataView) => void = () => {}): Uint8Array {
  const bytes = encodeFrame(magic, name, payload)
  change(new DataView(bytes.buffer))
  return bytes
}
const empty = new Uint8Array(0)

/** The payload of addrv2 with one address of the unknown network 200, longer than any may be. */
const addressOf513Bytes = Uint8Array.of(
  1,
  0,
  0,
  0,
  0,
  0,
  200,
  0xfd,
  0x01,
  0x02,
  ...new Uint8Array(513),
  0x20,
  0x8d,
)

/** A payload of a count and as many items of `size` zero bytes; no encoder of ours would make one so long. */
function items(count: number, size: number): Uint8Array {
  const payload = new Uint8Array(3 + count * size)
  payload.set([0xfd, count & 0xff, count >> 8])
  return payload
}

describeLitecoind('what closes a connection to litecoind', node => {
  const connected = async (options: PeerOptions = {}) => {
    const tap = tapped(tcp({ host: node().host, port: node().port }))
    const peer = await open(tap.dial, { ...asNode, ...options })
    await handled(peer)
    return { peer, connection: tap.connection() }
  }

  describe('closes', () => {
    it.each<[string, Message | Uint8Array]>([
      ['the magic of another network', encodeFrame(Uint8Array.of(0xf9, 0xbe, 0xb4, 0xd9), 'ping', empty)],
      [
        'a frame of more than 4,000,000 bytes',
        frame('ping', empty, header => header.setUint32(16, 4_000_001, true)),
      ],
      ['wtxidrelay after verack', { command: 'wtxidrelay' }],
      ['sendaddrv2 after verack', { command: 'sendaddrv2' }],
      [
        'a locator of 102 hashes',
        {
          command: 'getheaders',
          version: 70016,
          locator: Array.from({ length: 102 }, () => genesis.hash),
          stop: zeroHash,
        },
      ],
      [
        'a header without work',
        {
          command: 'headers',
          headers: [
            BlockHeader.from({
              version: 0x2000_0000,
              previousBlock: genesis.hash,
              merkleRoot: zeroHash,
              time: genesis.time + 1,
              bits: 0x1d00ffff,
              nonce: 0,
            }),
          ],
        },
      ],
    ])('%s', async (_name, offence) => {
      const { peer, connection } = await connected()
      const closed = within('the end', peer.closed$)
      if (offence instanceof Uint8Array) connection.write(offence)
      else peer.send(offence)
      expect(await closed).toMatchObject(closedByRemote)
    })

    it('an index that the block does not have, in getblocktxn', async () => {
      const [hash] = await node().mine(1)
      const { peer } = await connected()
      const closed = within('the end', peer.closed$)
      // The block has its coinbase alone.
      peer.send({ command: 'getblocktxn', blockHash: fromHex(hash ?? ''), indexes: [1] })
      expect(await closed).toMatchObject(closedByRemote)
      expect(node().offences().join('\n')).toContain('getblocktxn with out-of-bounds tx indices')
    })

    it('a block whose transactions are not those of its merkle root', async () => {
      const [first, second] = await Promise.all(
        (await node().mine(2)).map(async hash =>
          Block.decode(hexToBytes(await node().rpc<string>('getblock', hash, 0))),
        ),
      )
      if (!first || !second) throw new Error('no blocks')
      const { peer } = await connected()
      const closed = within('the end', peer.closed$)
      peer.send({ command: 'block', block: Block.from(second.header, [...first.transactions]) })
      expect(await closed).toMatchObject(closedByRemote)
      expect(node().offences().join('\n')).toContain('bad-txnmrklroot')
    })

    it('the magic of another network in the handshake', async () => {
      const network = { ...litecoinRegtest, magic: Uint8Array.of(0xf9, 0xbe, 0xb4, 0xd9) }
      const refused = open(tcp({ host: node().host, port: node().port }), { ...asNode, network })
      await expect(refused).rejects.toMatchObject({ name: 'PeerError', ...closedByRemote })
    })

    it('the nonce of the node itself', async () => {
      // The node knows its nonce while the handshake of its own dial goes on, so nothing is answered there.
      const listening$ = new ReplaySubject<Endpoint>(1)
      const nonce$ = new ReplaySubject<bigint>(1)
      const listener = listen({ port: 0, listening: at => listening$.next(at) })
        .pipe(
          mergeMap(connection =>
            connection.bytes$.pipe(
              frames(magic),
              finalize(() => connection.abort()),
            ),
          ),
        )
        .subscribe(({ name, payload }) => {
          const message = decodeMessage(name, payload)
          if (message.command === 'version') nonce$.next(message.nonce)
        })
      try {
        const { port } = await within('the listener listens', listening$)
        await node().rpc('addnode', `127.0.0.1:${port}`, 'onetry')
        const bytes = new Uint8Array(8)
        new DataView(bytes.buffer).setBigUint64(0, await within("the node's version", nonce$))
        const refused = open(tcp({ host: node().host, port: node().port }), {
          ...asNode,
          random: { bytes: () => bytes },
        })
        await expect(refused).rejects.toMatchObject({ name: 'PeerError', ...closedByRemote })
      } finally {
        listener.unsubscribe()
      }
    })
  })

  describe('stays open after', () => {
    it.each<[string, Message | Uint8Array]>([
      ['a bad checksum', frame('inv', Uint8Array.of(0), header => header.setUint32(20, 0, true))],
      ['an unknown command', { command: 'unknown', name: 'nobodyknows', payload: Uint8Array.of(1, 2, 3) }],
      [
        'an unknown command of 4,000,000 bytes',
        { command: 'unknown', name: 'nobodyknows', payload: new Uint8Array(4_000_000) },
      ],
      ['command bytes that are no text', frame('\xff\x01', empty)],
      ['a second verack', { command: 'verack' }],
      ['an inv that ends inside an entry', frame('inv', Uint8Array.of(1, 1, 0, 0, 0))],
      ['a count that is not in its shortest form', frame('inv', Uint8Array.of(0xfd, 0, 0))],
      ['a pong that nobody asked for', { command: 'pong', nonce: 77n }],
      [
        'an addrv2 with an IPv4 address of 5 bytes',
        frame('addrv2', hexToBytes('01000000000001050102030405208d')),
      ],
      ['an addrv2 with an address of 513 bytes', frame('addrv2', addressOf513Bytes)],
      ['a fee rate below 0', { command: 'feefilter', feeRate: -1n }],
      ['a fee rate above all money', { command: 'feefilter', feeRate: 0x7fff_ffff_ffff_ffffn }],
    ])('%s', async (_name, offence) => {
      const { peer, connection } = await connected()
      if (offence instanceof Uint8Array) connection.write(offence)
      else peer.send(offence)
      await handled(peer)
      peer.disconnect()
      expect(await within('the end', peer.closed$)).toMatchObject({ by: 'local', code: 'disconnected' })
    })

    it.each([
      ['an inv of 50001', frame('inv', items(50_001, 36)), 'inv message size = 50001'],
      ['a getdata of 50001', frame('getdata', items(50_001, 36)), 'getdata message size = 50001'],
      ['headers of 2001', frame('headers', items(2_001, 81)), 'headers message size = 2001'],
      ['an addr of 1001', frame('addr', items(1_001, 30)), 'addr message size = 1001'],
    ])('%s, and scores', async (_name, offence, offended) => {
      const { peer, connection } = await connected()
      connection.write(offence)
      await handled(peer)
      expect(node().offences().join('\n')).toContain(offended)
      peer.disconnect()
      expect(await within('the end', peer.closed$)).toMatchObject({ by: 'local', code: 'disconnected' })
    })

    it('headers that do not follow each other, and scores', async () => {
      const { peer } = await connected()
      const hashes = await node().mine(4)
      const raw = await node().rpcEach<string>(
        'getblockheader',
        hashes.map(hash => [hash, false]),
      )
      const [first, , third] = raw.map(hex => new BlockHeader(hexToBytes(hex)))
      if (!first || !third) throw new Error('no headers')
      peer.send({ command: 'headers', headers: [first, third] })
      await handled(peer)
      expect(node().offences().join('\n')).toContain('non-continuous headers sequence')
      peer.disconnect()
      expect(await within('the end', peer.closed$)).toMatchObject({ by: 'local', code: 'disconnected' })
    })

    it('a second version', async () => {
      const sent: Message[] = []
      const { peer } = await connected({
        traffic: {
          next: ({ direction, message }) => {
            if (direction === 'sent' && message) sent.push(message)
          },
        },
      })
      const [version] = sent
      expect(version?.command).toBe('version')
      if (version) peer.send(version)
      await handled(peer)
      peer.disconnect()
      expect(await within('the end', peer.closed$)).toMatchObject({ by: 'local', code: 'disconnected' })
    })
  })

  it('ends in order when we disconnect: connect completes, and the node has lost its peer', async () => {
    const ends = within(
      'the end of connect',
      connect(tcp({ host: node().host, port: node().port }), asNode).pipe(
        tap(peer => peer.disconnect('enough')),
        mergeMap(peer => peer.closed$),
        toArray(),
      ),
    )
    expect(await ends).toEqual([{ by: 'local', code: 'disconnected', reason: 'enough' }])
    await eventually('the node has no peer', async () => (await node().peers()).length === 0 || undefined)
  })
})

const filterload: Message = {
  command: 'filterload',
  filter: Uint8Array.of(0xff),
  hashFunctions: 1,
  tweak: 0,
  flags: BloomUpdate.none,
}

/** What only a node with NODE_BLOOM or NODE_COMPACT_FILTERS takes. */
const { hash: stop } = genesis
const range = { filterType: FilterType.basic, startHeight: 0, stop }
const onOffer: readonly Message[] = [
  { command: 'mempool' },
  filterload,
  { command: 'filteradd', data: Uint8Array.of(1, 2, 3) },
  { command: 'filterclear' },
  { command: 'getcfilters', ...range },
  { command: 'getcfheaders', ...range },
  { command: 'getcfcheckpt', filterType: FilterType.basic, stop },
]
const cases = onOffer.map(message => [message.command, message] as const)

const dialNode = (node: () => Litecoind) => open(tcp({ host: node().host, port: node().port }), asNode)

describeLitecoind(
  'a litecoind that offers neither bloom nor compact filters closes after',
  node => {
    it.each(cases)('%s', async (_command, message) => {
      const peer = await dialNode(node)
      await handled(peer)
      expect(hasServices(peer.version.services, Services.bloom)).toBe(false)
      expect(hasServices(peer.version.services, Services.compactFilters)).toBe(false)
      const closed = within('the end', peer.closed$)
      peer.send(message)
      expect(await closed).toMatchObject(closedByRemote)
    })
  },
  ['-peerbloomfilters=0', '-peerblockfilters=0'],
)

describeLitecoind('a litecoind that offers bloom and compact filters stays open after', node => {
  it.each(cases)('%s', async (command, message) => {
    const peer = await dialNode(node)
    // Without a filter there is nothing to add to, which is an offence.
    if (command === 'filteradd') peer.send(filterload)
    peer.send(message)
    await handled(peer)
    peer.disconnect()
    expect(await within('the end', peer.closed$)).toMatchObject({ by: 'local', code: 'disconnected' })
  })
})
