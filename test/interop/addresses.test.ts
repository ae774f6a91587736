import { map, ReplaySubject } from 'rxjs'
import { acceptEach, type Endpoint, open, type Peer, Services } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import {
  type AddrV2Message,
  type Host,
  hostText,
  isUsableAddress,
  NetworkId,
  parseHost,
  sha256,
  type TimedNetAddress,
} from 'rxpeer/wire'
import { beforeAll, expect, it } from 'vitest'
import { describeLitecoind } from './litecoind.js'
import { asNode, handled } from './peers.js'
import { eventually, within } from './waiting.js'

/** Of `getnodeaddresses`. */
interface RpcAddress {
  /** Unix time in seconds. */
  readonly time: number
  readonly services: number
  readonly address: string
  readonly port: number
}

/** litecoind sets back the time of what it hears by so many seconds. */
const PENALTY = 2 * 60 * 60

/** The networks that litecoind 0.21 knows, and an address of each for 32 bytes of any kind. */
const networks: readonly (readonly [networkId: number, make: (bytes: Uint8Array) => Uint8Array])[] = [
  [NetworkId.ipv4, bytes => Uint8Array.of(50 + ((bytes[0] ?? 0) % 40), ...bytes.subarray(1, 4))],
  [NetworkId.ipv6, bytes => Uint8Array.of(0x26, ...bytes.subarray(1, 16))],
  // Newer nodes have forgotten them.
  [NetworkId.torV2, bytes => bytes.subarray(0, 10)],
  [NetworkId.torV3, bytes => bytes],
  [NetworkId.i2p, bytes => bytes],
  [NetworkId.cjdns, bytes => Uint8Array.of(0xfc, ...bytes.subarray(1, 16))],
]

/** With these the message is nearly full. */
const PER_NETWORK = 166

/** The hosts that the tests tell of, the same in each run. */
const hosts: readonly Host[] = networks.flatMap(([networkId, make]) =>
  Array.from({ length: PER_NETWORK }, (_, n) => ({
    networkId,
    address: make(sha256(Uint8Array.of(networkId, n))),
  })),
)

/** Nobody knows these networks, and they must not spoil the message. */
const unknownHosts: readonly Host[] = [
  { networkId: NetworkId.yggdrasil, address: new Uint8Array(16).fill(2) },
  { networkId: 99, address: new Uint8Array(512).fill(3) },
]

/** An entry of a host, which the host decides but for its time. */
function entry(host: Host, time: number): TimedNetAddress {
  const services = Services.network | Services.witness | (BigInt(host.address[5] ?? 0) << 24n)
  return {
    ...host,
    time,
    services,
    port: host.networkId === NetworkId.i2p ? 0 : 1024 + (host.address[3] ?? 0),
  }
}

const addrv2 = (addresses: readonly TimedNetAddress[]): AddrV2Message => ({ command: 'addrv2', addresses })

const endpointText = (address: Host & { readonly port: number }): string =>
  `${hostText(address)} ${address.port}`

describeLitecoind(
  'addresses at litecoind',
  node => {
    const dial = async (protocolVersion = 70016): Promise<Peer> => {
      const peer = await open(tcp({ host: node().host, port: node().port }), { ...asNode, protocolVersion })
      await handled(peer)
      return peer
    }

    /** Unix time of the node, in seconds. */
    let clock = Math.floor(Date.now() / 1000)

    /** The node holds addresses back for half a minute on average: lets so much time pass that they are due. */
    async function passTime(): Promise<void> {
      clock += 10 * 60
      await node().rpc('setmocktime', clock)
    }

    /** What our peer told the node, by what the node calls it. */
    const told = new Map<string, TimedNetAddress>()

    beforeAll(async () => {
      await node().mine(1)
      await node().rpc('setmocktime', clock)
      hosts.forEach((host, i) => {
        const address = entry(host, clock - i)
        told.set(endpointText(address), address)
      })
      const answer = addrv2([...unknownHosts.map(host => entry(host, clock)), ...told.values()])

      const listening$ = new ReplaySubject<Endpoint>(1)
      const peers$ = new ReplaySubject<Peer>(1)
      const listener = listen({ host: '127.0.0.1', port: 0, listening: at => listening$.next(at) })
        .pipe(acceptEach({ ...asNode, failed: console.error }))
        .subscribe(peer => {
          peer
            .on('getaddr')
            .pipe(map(() => answer))
            .subscribe(peer.outbound)
          peers$.next(peer)
        })
      try {
        const { port } = await within('the listener listens', listening$)
        await node().rpc('addnode', `127.0.0.1:${port}`, 'onetry')
        const peer = await within('the node dials', peers$)
        await handled(peer)
      } finally {
        listener.unsubscribe()
      }
    })

    it('were taken in answer to its getaddr, and are named as we name them', async () => {
      expect(node().offences()).toEqual([])
      // Some fall out of the node's table, because others have their place.
      const known = await node().rpc<RpcAddress[]>('getnodeaddresses', 0)
      const counts = new Map<number, number>()
      for (const { address, port, services, time } of known) {
        const sent = told.get(`${address} ${port}`)
        if (!sent) throw new Error(`nobody told of ${address} ${port}`)
        expect(BigInt(services)).toBe(sent.services)
        expect(time).toBe(sent.time - PENALTY)
        const { networkId } = sent
        const host = networkId === NetworkId.torV2 ? undefined : { networkId, address: sent.address }
        expect(parseHost(address)).toEqual(host)
        counts.set(networkId, (counts.get(networkId) ?? 0) + 1)
      }
      for (const [networkId] of networks) {
        expect(counts.get(networkId), `network ${networkId}`).toBeGreaterThan(10)
      }
    })

    it('come back in addrv2, those of Tor v3, I2P and CJDNS among them', async () => {
      await using peer = await dial()
      const reply = within('addrv2', peer.on('addrv2'))
      peer.send({ command: 'getaddr' })
      await handled(peer)
      await passTime()
      const addresses = [...(await reply).addresses]
      const expected = addresses.map(address => {
        const sent = told.get(endpointText(address))
        return sent && { ...sent, time: sent.time - PENALTY }
      })
      expect(addresses).toEqual(expected)
      const seen = new Set(addresses.map(({ networkId }) => networkId))
      expect(seen).toEqual(new Set(networks.map(([networkId]) => networkId)))
      expect(node().offences()).toEqual([])
    })

    it('come back in addr to a peer without sendaddrv2, as far as that can name them', async () => {
      await using peer = await dial(70015)
      const reply = within('addr', peer.on('addr'))
      peer.send({ command: 'getaddr' })
      await handled(peer)
      await passTime()
      const addresses = [...(await reply).addresses]
      const usable = addresses.filter(isUsableAddress)
      for (const address of usable) expect([...told.keys()]).toContain(endpointText(address))
      expect(new Set(usable.map(({ networkId }) => networkId))).toEqual(
        new Set([NetworkId.ipv4, NetworkId.ipv6]),
      )
      // Tor v2 in the form of IPv6.
      const others = addresses.filter(address => !isUsableAddress(address)).map(hostText)
      expect(others.length).toBeGreaterThan(0)
      for (const text of others) expect(text).toMatch(/^fd87:d87e:eb43:/)
    })

    it.each([
      ['Tor v3', NetworkId.torV3],
      ['I2P', NetworkId.i2p],
    ])('of %s are passed on while they are fresh', async (_, networkId) => {
      await using from = await dial()
      await using to = await dial()
      // To two peers, which the peers of the tests before must not be.
      await eventually('only these two', async () => (await node().peers()).length === 2 || undefined)
      const address = entry({ networkId, address: sha256(Uint8Array.of(networkId)) }, clock)
      expect([...told.keys()]).not.toContain(endpointText(address))
      const passed = within('the address', to.on('addrv2'))
      from.send(addrv2([address]))
      await handled(from)
      await passTime()
      expect((await passed).addresses).toEqual([address])
      expect(node().offences()).toEqual([])
    })
  },
  // Without a proxy for them litecoind keeps no onion addresses; it dials nobody, so nothing has to be there.
  ['-onion=127.0.0.1:9'],
)
