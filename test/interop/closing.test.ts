import { finalize, mergeMap, ReplaySubject, tap, toArray } from 'rxjs'
import {
  BlockHeader,
  connect,
  decodeMessage,
  type Endpoint,
  encodeFrame,
  type Message,
  open,
  type PeerOptions,
  zeroHash,
} from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { describe, expect, it } from 'vitest'
import { deframe } from '../../src/stream/v1.js'
import { describeLitecoind, litecoinRegtest } from './litecoind.js'
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
              deframe(magic),
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
    ])('%s', async (_name, offence) => {
      const { peer, connection } = await connected()
      if (offence instanceof Uint8Array) connection.write(offence)
      else peer.send(offence)
      await handled(peer)
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
