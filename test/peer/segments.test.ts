import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { firstValueFrom, map, switchMap, take, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import { ofCommand } from '../../src/stream/of-command.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { tcp } from '../../src/transport/tcp.js'
import { InventoryType } from '../../src/wire/inventory.js'
import type { InvMessage } from '../../src/wire/messages/inv.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'

const inv = (mark: number): InvMessage => ({
  command: 'inv',
  inventory: [{ type: InventoryType.block, hash: new Uint8Array(32).fill(mark) }],
})
const marks = ({ inventory }: InvMessage) => inventory.at(0)?.hash[0]

/** All that the remote says, without waiting for an answer. */
const said = Buffer.concat(
  [remoteVersion(), { command: 'verack' } as const, inv(1), inv(2), inv(3)].map(message => frameOf(message)),
)

let server: Server
/** Where the next connection's bytes are cut in two; 0 for one segment. */
let cut = 0

beforeAll(async () => {
  server = createServer((socket: Socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.resume()
    if (cut === 0) socket.write(said)
    else socket.write(said.subarray(0, cut), () => setImmediate(() => socket.write(said.subarray(cut))))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  server.close()
})

const dial = () => tcp({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
const options = () => ({ network: regtest, nonces: createNonces() })

const throughConnect = () =>
  firstValueFrom(
    connect(dial(), options()).pipe(
      switchMap(peer => peer.messages$.pipe(ofCommand('inv'))),
      map(marks),
      take(3),
      toArray(),
    ),
  )

const throughOpen = async () => {
  await using peer = await open(dial(), options())
  return await firstValueFrom(peer.on('inv').pipe(map(marks), take(3), toArray()))
}

describe('version, verack and three inv', () => {
  it.each([
    ['connect', throughConnect],
    ['open', throughOpen],
  ])('in one segment: each inv is seen once, through %s', async (_, invs) => {
    cut = 0
    expect(await invs()).toEqual([1, 2, 3])
  })

  it.each([
    ['connect', throughConnect],
    ['open', throughOpen],
  ])(
    'cut at every offset: each inv is seen once, through %s',
    async (_, invs) => {
      for (cut = 1; cut < said.length; cut += 1) {
        expect(await invs(), `cut at ${cut}`).toEqual([1, 2, 3])
      }
    },
    60_000,
  )
})

describe('open', () => {
  it('rejects with the PeerError of a handshake that fails', async () => {
    const closed = tcp({ host: '127.0.0.1', port: 1 })
    await expect(open(closed, options())).rejects.toMatchObject({
      name: 'PeerError',
      code: 'connection-refused',
    })
  })

  it('tells the end in closed$, and nothing is unhandled', async () => {
    cut = 0
    const peer = await open(dial(), options())
    peer.disconnect('enough')
    expect(await firstValueFrom(peer.closed$)).toMatchObject({ code: 'disconnected', reason: 'enough' })
  })

  it('delivers what came before an EOF, although delivery was held', async () => {
    const last = createServer(socket =>
      socket
        .on('error', () => {})
        .resume()
        .end(said),
    ).listen(0, '127.0.0.1')
    await once(last, 'listening')
    const peer = await open(tcp({ host: '127.0.0.1', port: (last.address() as AddressInfo).port }), options())
    expect(await firstValueFrom(peer.on('inv').pipe(map(marks), toArray()))).toEqual([1, 2, 3])
    expect(await firstValueFrom(peer.closed$)).toMatchObject({ code: 'remote-closed', by: 'remote' })
    last.close()
  })
})
