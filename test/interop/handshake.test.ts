import { ReplaySubject } from 'rxjs'
import { acceptEach, type Endpoint, open, type Peer, type PeerError, type Traffic, toHex } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { zeroHash } from 'rxpeer/wire'
import { expect, it } from 'vitest'
import { describeLitecoind, litecoinRegtest, type PeerInfo } from './litecoind.js'
import { asNode, handled, subversion } from './peers.js'
import { eventually, within } from './waiting.js'

describeLitecoind('the handshake with litecoind', node => {
  it('knows the network that the test defines', async () => {
    const genesis = await node().rpc<string>('getblockhash', 0)
    expect(toHex(litecoinRegtest.genesis.hash)).toBe(genesis)
    expect(genesis).toBe('530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9')
  })

  it('tells each side who the other is', async () => {
    await node().mine(1)
    const height = await node().rpc<number>('getblockcount')
    await using peer = await open(tcp({ host: node().host, port: node().port }), {
      ...asNode,
      relay: false,
      newestBlock: () => ({ height: 7, hash: litecoinRegtest.genesis.hash }),
    })
    expect(peer.direction).toBe('outbound')
    expect(peer.address).toEqual({ host: node().host, port: node().port })
    expect(peer.protocolVersion).toBe(70016)
    expect(peer.features).toEqual({ wtxidRelay: true, addrV2: true })
    expect(peer.version).toMatchObject({
      protocolVersion: 70016,
      services: 0x100044dn,
      userAgent: '/LitecoinCore:0.21.2.1/',
      startHeight: height,
      relay: true,
    })

    await handled(peer)
    const [info, ...others] = await node().peers()
    expect(others).toEqual([])
    expect(info).toMatchObject({
      version: 70016,
      subver: expect.stringMatching(subversion),
      services: '0000000000000009',
      inbound: true,
      relaytxes: false,
      startingheight: 7,
    })
    expect(node().offences()).toEqual([])
  })

  const late = ['sendheaders', 'sendcmpct', 'sendcmpct', 'sendcmpct', 'ping', 'getheaders', 'feefilter']
  it.each([
    [70016, ['version', 'wtxidrelay', 'sendaddrv2', 'verack', ...late]],
    [70015, ['version', 'verack', ...late]],
    [70013, ['version', 'verack', 'sendheaders', 'ping', 'getheaders', 'feefilter']],
    [70012, ['version', 'verack', 'alert', 'sendheaders', 'ping', 'getheaders']],
    [70001, ['version', 'verack', 'alert', 'ping', 'getheaders']],
    [60001, ['version', 'verack', 'alert', 'ping', 'getheaders']],
  ])('at protocol version %i it reads all that the node sends', async (protocolVersion, commands) => {
    await node().mine(1)
    const received: Traffic[] = []
    await using peer = await open(tcp({ host: node().host, port: node().port }), {
      ...asNode,
      protocolVersion,
      traffic: {
        next: event => {
          if (event.direction === 'received') received.push(event)
        },
      },
    })
    await handled(peer)
    expect(received.map(({ command }) => command)).toEqual([...commands, 'pong'])
    expect(received.filter(({ error }) => error)).toEqual([])
    expect(peer.protocolVersion).toBe(protocolVersion)
    expect(peer.features).toEqual({ wtxidRelay: protocolVersion >= 70016, addrV2: protocolVersion >= 70016 })

    const info = await node().peer('our pong', ({ pingtime }) => pingtime !== undefined)
    expect(info).toMatchObject({ version: protocolVersion, subver: expect.stringMatching(subversion) })
    const features = protocolVersion >= 70016 ? ['wtxidrelay', 'sendaddrv2'] : []
    expect(Object.keys(info.bytesrecv_per_msg).sort()).toEqual(
      ['version', ...features, 'verack', 'ping', 'pong'].sort(),
    )
    expect(node().offences()).toEqual([])
  })

  it.each([60000, 31800])(
    'at protocol version %i pings have no nonce and no answer',
    async protocolVersion => {
      await node().mine(1)
      const traffic: Traffic[] = []
      await using peer = await open(tcp({ host: node().host, port: node().port }), {
        ...asNode,
        protocolVersion,
        traffic: { next: event => void traffic.push(event) },
      })
      // The node's ping comes first, so its pong would have left before this is answered.
      const inv = within('an inv', peer.on('inv'))
      const { hash } = litecoinRegtest.genesis
      peer.send({ command: 'getblocks', version: protocolVersion, locator: [hash], stop: zeroHash })
      expect((await inv).inventory.length).toBe(await node().rpc<number>('getblockcount'))

      const commands = (direction: Traffic['direction']) =>
        traffic.filter(event => event.direction === direction).map(({ command }) => command)
      expect(commands('received')).toEqual(['version', 'verack', 'alert', 'ping', 'getheaders', 'inv'])
      expect(commands('sent')).toEqual(['version', 'verack', 'getblocks'])
      const [info] = await node().peers()
      expect(info).toMatchObject({ version: protocolVersion, subver: expect.stringMatching(subversion) })
      expect(info).not.toHaveProperty('pingtime')
      expect(node().offences()).toEqual([])
    },
  )

  it('is refused below protocol version 31800', async () => {
    const refused = open(tcp({ host: node().host, port: node().port }), { ...asNode, protocolVersion: 31799 })
    await expect(refused).rejects.toMatchObject({
      code: expect.stringMatching(/^(remote-closed|connection-reset)$/),
      by: 'remote',
    })
  })

  it('is accepted when the node dials us, and both sides answer pings', async () => {
    const listening$ = new ReplaySubject<Endpoint>(1)
    const peers$ = new ReplaySubject<Peer>(1)
    const failures: PeerError[] = []
    const listener = listen({ host: '127.0.0.1', port: 0, listening: at => listening$.next(at) })
      .pipe(acceptEach({ ...asNode, failed: error => failures.push(error) }))
      .subscribe(peers$)
    try {
      const { port } = await within('the listener listens', listening$)
      await node().rpc('addnode', `127.0.0.1:${port}`, 'onetry')
      const peer = await within('the node dials', peers$)
      expect(peer.direction).toBe('inbound')
      expect(peer.version.userAgent).toBe('/LitecoinCore:0.21.2.1/')
      expect(peer.protocolVersion).toBe(70016)
      expect(peer.features).toEqual({ wtxidRelay: true, addrV2: true })

      await handled(peer)
      const ours = ({ addr }: PeerInfo) => addr === `127.0.0.1:${port}`
      const info = await node().peer('our pong', peer => ours(peer) && peer.pingtime !== undefined)
      expect(info).toMatchObject({
        version: 70016,
        subver: expect.stringMatching(subversion),
        inbound: false,
      })
      expect(failures).toEqual([])
      expect(node().offences()).toEqual([])
    } finally {
      listener.unsubscribe()
    }
    await eventually('the node lost its peer', async () => (await node().peers()).length === 0 || undefined)
    expect(failures).toEqual([])
  })
})
