import { map, ReplaySubject } from 'rxjs'
import {
  type AddrV2Message,
  acceptEach,
  bytesToHex,
  type Endpoint,
  type Host,
  hostText,
  isUsableAddress,
  NetworkId,
  open,
  type Peer,
  type PeerError,
  parseHost,
  Services,
  sha256,
  type TimedNetAddress,
} from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { beforeAll, expect, it } from 'vitest'
import { describeLitecoind } from './litecoind.js'
import { asNode, handled } from './peers.js'
import { within } from './waiting.js'

/** Of `getnodeaddresses`. */
interface RpcAddress {
  /** Unix time in seconds. */
  readonly time: number
  readonly services: number
  readonly address: string
  readonly port: number
}

/** litecoind sets the time of what it hears this many seconds back. */
const PENALTY = 2 * 60 * 60

const seconds = (): number => Math.floor(Date.now() / 1000)

/** The networks that litecoind knows, and an address of each for every number. */
const makers: readonly (readonly [networkId: number, make: (random: Uint8Array) => Uint8Array])[] = [
  [NetworkId.ipv4, random => Uint8Array.of(50 + ((random[0] ?? 0) % 40), ...random.subarray(1, 4))],
  [NetworkId.ipv6, random => Uint8Array.of(0x26, ...random.subarray(1, 16))],
  [NetworkId.torV3, random => random],
  [NetworkId.i2p, random => random],
  [NetworkId.cjdns, random => Uint8Array.of(0xfc, ...random.subarray(1, 16))],
]

/** A host of any number and network; the same for the same arguments. */
function hostOf(networkId: number, n: number): Host {
  const [, make] = makers.find(([id]) => id === networkId) ?? []
  if (!make) throw new Error(`no addresses of network ${networkId}`)
  return { networkId, address: make(sha256(Uint8Array.of(networkId, n & 0xff, n >> 8))) }
}

const entry = (host: Host, time: number): TimedNetAddress => ({
  ...host,
  time,
  services: Services.network | Services.witness | Services.compactFilters,
  port: host.networkId === NetworkId.i2p ? 0 : 1024 + (host.address[3] ?? 0),
})

const addrv2 = (addresses: readonly TimedNetAddress[]): AddrV2Message => ({ command: 'addrv2', addresses })

/** What can be compared of a host and port. */
const key = ({ networkId, address, port }: Host & { readonly port: number }): string =>
  `${networkId} ${bytesToHex(address)} ${port}`

// Without a proxy for them litecoind keeps no onion addresses; it dials nobody, so nothing has to be there.
describeLitecoind(
  'addresses at litecoind',
  node => {
    const dial = (protocolVersion = 70016) =>
      open(tcp({ host: node().host, port: node().port }), { ...asNode, protocolVersion })

    /** What our peer told the node. */
    const told = new Map<string, TimedNetAddress>()
    /** Lets the node send the addresses that it holds back for half a minute on average. */
    let clock = seconds()
    async function passTime(): Promise<void> {
      clock += 10 * 60
      await node().rpc('setmocktime', clock)
    }

    beforeAll(async () => {
      await node().mine(1)
      await node().rpc('setmocktime', clock)
    })

    it('are taken in answer to its getaddr, and named as we name them', async () => {
      const hosts = makers.flatMap(([networkId]) =>
        Array.from({ length: 198 }, (_, n) => hostOf(networkId, n)),
      )
      const addresses = hosts.map((host, i) => entry(host, clock - i))
      for (const address of addresses) told.set(key(address), address)
      const unknown: Host[] = [
        { networkId: NetworkId.yggdrasil, address: new Uint8Array(16).fill(2) },
        { networkId: NetworkId.torV2, address: new Uint8Array(10).fill(3) },
        { networkId: 99, address: new Uint8Array(512).fill(4) },
      ]
      expect(unknown.map(isUsableAddress)).toEqual([false, false, false])
      expect(hosts.every(isUsableAddress)).toBe(true)

      const listening$ = new ReplaySubject<Endpoint>(1)
      const peers$ = new ReplaySubject<Peer>(1)
      const failures: PeerError[] = []
      const listener = listen({ host: '127.0.0.1', port: 0, listening: at => listening$.next(at) })
        .pipe(acceptEach({ ...asNode, failed: error => failures.push(error) }))
        .subscribe(peer => {
          const answer = addrv2([...unknown.map(host => entry(host, clock)), ...addresses])
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
        await within('the answer to getaddr', peer.sent$)
        await handled(peer)
      } finally {
        listener.unsubscribe()
      }
      expect(failures).toEqual([])
      expect(node().offences()).toEqual([])

      const known = await node().rpc<RpcAddress[]>('getnodeaddresses', 0)
      console.log(known.length)
      const perNetwork = new Map<number, number>()
      for (const { address, port, services, time } of known) {
        const host = parseHost(address)
        if (!host) throw new Error(`${address} is no host`)
        const sent = told.get(key({ ...host, port }))
        expect(sent, address).toBeDefined()
        expect(hostText(host)).toBe(address)
        expect(BigInt(services)).toBe(sent?.services)
        expect(time).toBe((sent?.time ?? 0) - PENALTY)
        perNetwork.set(host.networkId, (perNetwork.get(host.networkId) ?? 0) + 1)
      }
      console.log(perNetwork)
    })
  },
  ['-onion=127.0.0.1:9'],
)
