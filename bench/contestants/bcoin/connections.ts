import { once } from 'node:events'
import { createServer } from 'node:net'
import NetAddress from 'bcoin/lib/net/netaddress.js'
import Peer from 'bcoin/lib/net/peer.js'
import { idleCost } from '../idle-cost.js'
import type { Tasks } from '../serve.js'

function newPeer(): Peer {
  const peer = Peer.fromOptions({ network: 'regtest' })
  // The other side's hang-up is an error to it.
  peer.on('error', () => {})
  return peer
}

async function open(port: number): Promise<Peer> {
  const peer = newPeer()
  peer.connect(NetAddress.fromHost('127.0.0.1', port, 'regtest'))
  await peer.open()
  return peer
}

export const connections: Tasks = {
  handshake: async () => {
    let accepted: (peer: Peer) => void = () => {}
    const server = createServer(socket => {
      const peer = newPeer()
      peer.accept(socket)
      peer.open().then(
        () => accepted(peer),
        () => {},
      )
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const shakeHands = async () => {
      const theirs = new Promise<Peer>(resolve => {
        accepted = resolve
      })
      const ours = await open(address.port)
      ;(await theirs).destroy()
      ours.destroy()
      return 1
    }
    return { run: shakeHands, digest: async () => [Uint8Array.of(await shakeHands())] }
  },
  idle: (_, port) => ({ gauge: () => idleCost(() => open(port)) }),
}
