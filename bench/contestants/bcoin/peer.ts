/** bcoin's peer over a socket that costs next to nothing itself, without the pool that would look at what comes. */
import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import Peer from 'bcoin/lib/net/peer.js'
import { mainnet } from 'rxpeer/wire'
import { handshakeFrames } from '../handshake-frames.js'
import { idleCost } from '../idle-cost.js'
import { chunks } from '../parts.js'
import type { Tasks } from '../serve.js'
import { written } from './messages.js'

const nothing = () => {}

/** As much of a socket as bcoin asks for. */
class Socket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 8333
  setNoDelay = nothing
  pause = nothing
  resume = nothing
  destroy = nothing
  write(): boolean {
    return true
  }
}

const buffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

async function openPeer(socket: Socket): Promise<Peer> {
  const peer = Peer.fromOptions({ network: 'main' })
  peer.accept(socket)
  peer.on('error', error => {
    throw error
  })
  const opened = peer.open()
  for (const frame of handshakeFrames(mainnet)) socket.emit('data', buffer(frame))
  await opened
  return peer
}

export const peers: Tasks = {
  peer: async (input, size) => {
    const pieces = chunks(input, size).map(buffer)
    const socket = new Socket()
    const peer = await openPeer(socket)
    let count = 0
    let all: Uint8Array[] | undefined
    peer.on('packet', packet => {
      count += 1
      all?.push(...written(packet))
    })
    const deliver = async () => {
      count = 0
      for (const piece of pieces) {
        socket.emit('data', piece)
        // It pauses the socket until all of a chunk is worked off.
        await setImmediate()
      }
      return count
    }
    return {
      run: deliver,
      digest: async () => {
        all = []
        const made = all
        await deliver()
        all = undefined
        return made
      },
    }
  },
  'idle-heap': () => ({ gauge: () => idleCost(() => openPeer(new Socket()), 'heap') }),
}
