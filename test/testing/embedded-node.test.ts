import { filter, firstValueFrom, NEVER, of, Subject, startWith, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { open } from '../../src/peer/open.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Connection, Endpoint } from '../../src/stream/connection.js'
import type { Random } from '../../src/stream/environment.js'
import { Chain } from '../../src/testing/chain.js'
import { genesisBlock } from '../../src/testing/genesis.js'
import { embeddedNode, memoryPair } from '../../src/testing/index.js'
import { Ledger } from '../../src/testing/ledger.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { serviceBehaviors } from '../../src/testing/services.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import { listen, tcp } from '../../src/transport/node.js'
import { toHex } from '../../src/wire/hex.js'
import { mainnet, regtest } from '../../src/wire/network.js'
import { Services } from '../../src/wire/services.js'
import { virtualNode } from '../support/embedded.js'

describe('peers', () => {
  it('come after their handshake and go with their end, also in peers$', () => {
    const { node, join } = virtualNode({ blocks: 0 })
    const counts: number[] = []
    node.peers$.subscribe(peers => counts.push(peers.length))
    const first = join()
    const second = join()
    expect(node.peers.map(peer => peer.direction)).toEqual(['inbound', 'inbound'])
    first.leave()
    second.peer.disconnect()
    first.leave()
    expect(node.peers).toEqual([])
    expect(counts).toEqual([0, 1, 2, 1, 0])
  })

  it('do not disturb each other: a bad one is told of, a good one stays', () => {
    const { node, join, time, failures } = virtualNode({ blocks: 0 })
    const good = join()
    const [near, far] = memoryPair({ scheduler: time.scheduler })
    const served: Peer[] = []
    node.serve(of(far)).subscribe(peer => served.push(peer))
    near.write(new Uint8Array(24).fill(0x55))
    time.advance(0)
    expect(failures.map(({ code }) => code)).toEqual(['wrong-magic'])
    expect(served).toEqual([])

    expect(() => join({ network: mainnet })).toThrow('no handshake')
    expect(failures).toHaveLength(2)
    expect(node.peers).toHaveLength(1)
    expect(good.hears(() => node.mine())).toHaveLength(1)
  })

  it('that fail after the handshake are told of once', () => {
    const { node, join, failures } = virtualNode({ blocks: 0 })
    const client = join()
    client.leave()
    expect(failures.map(({ code }) => code)).toEqual(['remote-closed'])
    expect(node.peers).toEqual([])
  })
})

describe('serve', () => {
  function serving() {
    const virtual = virtualNode({ blocks: 0 })
    const connections$ = new Subject<Connection>()
    const served: Peer[] = []
    const serving$ = virtual.node.serve(connections$)
    const errors: PeerError[] = []
    const call = () => {
      const [near, far] = memoryPair({ scheduler: virtual.time.scheduler })
      connect(of(near), { network: regtest, scheduler: virtual.time.scheduler }).subscribe({
        error: (error: PeerError) => errors.push(error),
      })
      connections$.next(far)
      virtual.time.advance(0)
    }
    return { ...virtual, connections$, served, serving$, errors, call }
  }

  it('is cold: nobody is served before it is subscribed, and then each peer is emitted', () => {
    const { connections$, served, serving$, call } = serving()
    expect(connections$.observed).toBe(false)
    serving$.subscribe(peer => served.push(peer))
    call()
    call()
    expect(served).toHaveLength(2)
    expect(served[0]?.direction).toBe('inbound')
  })

  it('disconnects its peers and lets go of the listener when it is unsubscribed', () => {
    const { node, connections$, serving$, time, errors, call } = serving()
    const subscription = serving$.subscribe()
    call()
    call()
    expect(node.peers).toHaveLength(2)
    subscription.unsubscribe()
    time.advance(0)
    expect(connections$.observed).toBe(false)
    expect(node.peers).toEqual([])
    expect(errors.map(({ code }) => code)).toEqual(['remote-closed', 'remote-closed'])
  })

  it('passes an error of the listener on', () => {
    const { node } = virtualNode({ blocks: 0 })
    const errors: unknown[] = []
    const broken = new Error('no port')
    node.serve(throwError(() => broken)).subscribe({ error: (error: unknown) => errors.push(error) })
    expect(errors).toEqual([broken])
  })

  it('works over real sockets', async () => {
    const node = embeddedNode({ blocks: 3 })
    const listening = new Subject<Endpoint>()
    const endpoint = firstValueFrom(listening)
    const subscription = node
      .serve(listen({ port: 0, listening: at => listening.next(at) }))
      .subscribe({ error: (error: unknown) => listening.error(error) })
    const peer = await open(tcp(await endpoint), { network: regtest })
    const mined = firstValueFrom(peer.on('inv'))
    await firstValueFrom(node.peers$.pipe(filter(peers => peers.length > 0)))
    node.mine()
    expect(toHex((await mined).inventory.at(0)!.hash)).toBe(toHex(node.tip.hash))
    const closed = firstValueFrom(peer.closed$)
    subscription.unsubscribe()
    expect((await closed).code).toBe('remote-closed')
  })
})

describe('dial', () => {
  it('needs no scheduler and no network', async () => {
    const node = embeddedNode({ blocks: 1 })
    await using peer = await open(node.dial, { network: regtest })
    const answer = firstValueFrom(peer.on('headers'))
    peer.send({
      command: 'getheaders',
      version: 0,
      locator: [regtest.genesis.hash],
      stop: new Uint8Array(32),
    })
    expect(toHex((await answer).headers.at(0)!.hash)).toBe(toHex(node.tip.hash))
  })

  it('leaves no timer behind', () => {
    const { join, time } = virtualNode({ blocks: 0 })
    const clients = [join(), join()]
    expect(time.pending).toBeGreaterThan(0)
    for (const client of clients) client.leave()
    expect(time.pending).toBe(0)
  })
})

describe('nodes with one chain', () => {
  /** How two nodes with the same dice get on, the second with these for its peers. */
  function couple(random?: Random) {
    const { scheduler, clock, advance: pass } = virtualTime()
    const codes: string[] = []
    const failed = ({ code }: PeerError) => codes.push(code)
    const made = { blocks: 3, scheduler, clock, failed }
    const near = embeddedNode({ ...made, random: seededRandom(1) })
    const far = embeddedNode({ ...made, random: seededRandom(1), peer: random && { random } })
    near.connect(far.dial).subscribe({ error: failed })
    far.connect(near.dial).subscribe({ error: failed })
    pass(0)
    return { near, far, pass, codes }
  }

  it('connect to each other where their peers have dice of their own', () => {
    const { near, far, pass, codes } = couple(seededRandom(2))
    expect(toHex(near.tip.hash)).toBe(toHex(far.tip.hash))
    expect([near.peers.length, far.peers.length, codes]).toEqual([2, 2, []])
    const heard: string[] = []
    far.peers[0]?.on('inv').subscribe(({ inventory }) => heard.push(toHex(inventory.at(0)!.hash)))
    near.mine()
    pass(0)
    expect(heard).toEqual([toHex(near.tip.hash)])
  })

  it('and without them take each other for themselves', () => {
    const { near, far, codes } = couple()
    expect(toHex(near.tip.hash)).toBe(toHex(far.tip.hash))
    expect([near.peers.length, far.peers.length]).toEqual([0, 0])
    expect(codes).toContain('self-connection')
  })
})

describe('an option of its peers', () => {
  const own = {
    clock: { monotonic: () => 0, epoch: () => 5_000_000 },
    userAgent: { name: 'mine', version: '2' },
    services: Services.network,
  }

  /** What a client learns, and how many timers run in the node's time. */
  function seen(peer: PeerOptions) {
    const { join, time } = virtualNode({ ...own, blocks: 2, peer })
    const { version } = join().peer
    return { version, pending: time.pending }
  }

  it.each(['random', 'clock', 'scheduler', 'network', 'userAgent', 'services', 'newestBlock', 'nonces'])(
    'that is there but undefined is the one of the node: %s',
    name => {
      const left = seen({})
      expect(left.version).toMatchObject({ timestamp: 5_000n, services: Services.network, startHeight: 2 })
      expect(seen({ [name]: undefined })).toEqual(left)
    },
  )

  it('is over the one of the node', () => {
    const newestBlock = () => ({ height: 7, hash: regtest.genesis.hash })
    const { version } = seen({ random: seededRandom(5), services: Services.none, newestBlock })
    expect(version).toMatchObject({ services: Services.none, startHeight: 7 })
    expect(version.nonce).not.toBe(seen({}).version.nonce)
  })
})

describe('the services', () => {
  it('let go of the ledger when a peer does', () => {
    const ledger = new Ledger({
      chain: new Chain(regtest, genesisBlock(regtest)),
      clock: { epoch: () => 0 },
      random: seededRandom(1),
    })
    const { peer, time } = (() => {
      const { join, time: own } = virtualNode({
        blocks: 0,
        peer: { behaviors: serviceBehaviors(ledger, { services: 0n, addresses: [] }) },
      })
      return { peer: join(), time: own }
    })()
    expect([ledger.changes$.observed, ledger.transactions$.observed]).toEqual([true, true])
    peer.leave()
    time.advance(0)
    expect([ledger.changes$.observed, ledger.transactions$.observed]).toEqual([false, false])
  })

  it('are replaced and added by name', () => {
    const ping = { command: 'ping', nonce: 9n } as const
    const behaviors = { announceBlocks: false, greet: () => NEVER.pipe(startWith(ping)) } as const
    const { node, join } = virtualNode({ blocks: 0, peer: { behaviors } })
    const client = join({ behaviors: { pong: false } })
    expect(client.received.filter(({ command }) => command === 'ping')).toEqual([ping])
    expect(client.hears(() => node.mine())).toEqual([])
  })
})
