/** The least that anyone can do with the platform alone: what rxpeer's cost stands beside where there is a limit. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { mainnet, regtest } from 'rxpeer/wire'
import { frameOf, handshakeFrames } from './handshake-frames.js'
import { idleCost } from './idle-cost.js'
import { chunks, frames, text } from './parts.js'
import { programCost } from './program-cost.js'
import { serve, type Tasks } from './serve.js'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const checksumOf = (payload: Uint8Array) => sha256(sha256(payload)).readUInt32LE(0)

/** Hands each payload of a stream to `next`, put together in one piece, once it fits its checksum. */
function follow(next: (payload: Buffer) => void): (chunk: Buffer) => void {
  let header = Buffer.alloc(0)
  let payload: Buffer | undefined
  let fill = 0
  return chunk => {
    for (let at = 0; at < chunk.length; ) {
      if (payload === undefined) {
        const piece = chunk.subarray(at, at + 24 - header.length)
        header = Buffer.concat([header, piece])
        at += piece.length
        if (header.length < 24) return
        payload = Buffer.allocUnsafe(header.readUInt32LE(16))
        fill = 0
      }
      const copied = chunk.copy(payload, fill, at)
      fill += copied
      at += copied
      if (fill < payload.length) return
      const whole = payload
      payload = undefined
      const checksum = header.readUInt32LE(20)
      header = Buffer.alloc(0)
      if (checksumOf(whole) !== checksum) throw new Error('a bad checksum')
      next(whole)
    }
  }
}

/** How many blocks the server sends for one `mempool`. */
const BLOCKS = 8

const [version, , verack] = handshakeFrames(regtest) as [Uint8Array, Uint8Array, Uint8Array]

/** A connection on which both have said version and verack. */
async function shakeHands(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.write(version)
  await once(socket, 'data')
  socket.write(verack)
  return socket
}

const buffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** Written to again and again, as everyone else does. */
const target = Buffer.alloc(4_000_024)

/** A block in its frame. */
function blockFrame(block: Uint8Array): Buffer {
  target.set(mainnet.magic)
  target.fill(0, 4, 16)
  target.write('block', 4, 'latin1')
  target.writeUInt32LE(block.length, 16)
  target.writeUInt32LE(checksumOf(block), 20)
  target.set(block, 24)
  return target.subarray(0, 24 + block.length)
}

const tasks: Tasks = {
  'encode-block': input => ({ run: () => blockFrame(input).length, digest: () => [blockFrame(input)] }),
  peer: (input, size) => {
    const pieces = chunks(input, size).map(buffer)
    const name = frames(input)[0]!.subarray(4, 16)
    const read = (next: (payload: Uint8Array) => void) => {
      const add = follow(next)
      for (const piece of pieces) add(piece)
    }
    return {
      run: () => {
        let count = 0
        read(() => {
          count += 1
        })
        return count
      },
      digest: () => {
        const all: Uint8Array[] = []
        read(payload => all.push(name.subarray(0, name.indexOf(0)), payload))
        return all
      },
    }
  },
  handshake: async () => {
    const server = createServer({ noDelay: true }, socket => {
      socket.once('data', () => socket.write(Buffer.concat([version, verack])))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const run = async () => {
      const accepted = once(server, 'connection')
      const socket = await shakeHands(address.port)
      const [theirs] = (await accepted) as [Socket]
      const closed = once(theirs, 'close')
      theirs.resume()
      socket.end()
      await closed
      return 1
    }
    return { run, digest: async () => [Uint8Array.of(await run())] }
  },
  idle: (_, port) => ({ gauge: () => idleCost(() => shakeHands(port)) }),
  'cli-version': () => ({ gauge: () => programCost('--eval', '0') }),
  'tcp-blocks': async (_, port) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let count = 0
    let kept: Uint8Array[] | undefined
    let expected = handshakeFrames(mainnet).length
    let finished = () => {}
    const read = follow(payload => {
      count += 1
      kept?.push(text('block'), payload)
      if (count === expected) finished()
    })
    socket.on('data', read)
    const receive = (many: number, ask: () => void) =>
      new Promise<number>(resolve => {
        count = 0
        expected = many
        finished = () => resolve(count)
        ask()
      })
    await receive(expected, () => {
      for (const frame of handshakeFrames(mainnet)) socket.write(frame)
    })
    const go = frameOf({ command: 'mempool' })
    const fetch = () => receive(BLOCKS, () => socket.write(go))
    return {
      run: fetch,
      digest: async () => {
        const all: Uint8Array[] = []
        kept = all
        await fetch()
        kept = undefined
        return all
      },
    }
  },
}

await serve(tasks)
