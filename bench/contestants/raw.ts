/** The least that anyone can do with the platform alone: what rxpeer's cost stands beside where there is a limit. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { mainnet, regtest, zeroHash } from 'rxpeer/wire'
import { frameOf, handshakeFrames } from './handshake-frames.js'
import { idleCost } from './idle-cost.js'
import { chunks, frames, split, text } from './parts.js'
import { programCost } from './program-cost.js'
import { checksumOf, follow, Plug, sha256 } from './raw/plug.js'
import { serve, type Tasks } from './serve.js'

/** How many blocks the server sends for one `mempool`. */
const BLOCKS = 8
/** Headers in a page that is not the last. */
const PAGE = 2_000

/** Fetches all headers of a server, and of each page hashes what the next is asked with. */
async function syncHeaders(port: number): Promise<number> {
  const plug = await Plug.open(port, regtest)
  let tip: Uint8Array = regtest.genesis.hash
  let height = 0
  let fetched = PAGE
  while (fetched === PAGE) {
    const question = frameOf(
      { command: 'getheaders', version: 70016, locator: [tip], stop: zeroHash },
      regtest,
    )
    await plug.ask(question, 1, page => {
      fetched = Math.floor(page.length / 81)
      height += fetched
      if (fetched > 0) tip = sha256(sha256(page.subarray(page.length - 81, page.length - 1)))
    })
  }
  plug.close()
  return height
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

const [version, , verack] = handshakeFrames(regtest) as [Uint8Array, Uint8Array, Uint8Array]

/** A connection on which both have said version and verack. */
async function shakeHands(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.write(version)
  await once(socket, 'data')
  socket.write(verack)
  return socket
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
    const plug = await Plug.open(port, mainnet)
    const question = frameOf({ command: 'mempool' })
    const fetch = (next: (payload: Buffer) => void) => plug.ask(question, BLOCKS, next)
    return {
      run: () => fetch(() => {}),
      digest: async () => {
        const all: Uint8Array[] = []
        await fetch(payload => all.push(text('block'), payload))
        return all
      },
    }
  },
  'sync-headers': (_, port) => ({
    run: () => syncHeaders(port),
    digest: async () => [Uint8Array.of(await syncHeaders(port))],
  }),
  'get-blocks': async (input, port) => {
    const plug = await Plug.open(port, regtest)
    const inventory = split(input).map(block => ({
      type: 0x4000_0002,
      hash: sha256(sha256(block.subarray(0, 80))),
    }))
    const question = frameOf({ command: 'getdata', inventory }, regtest)
    const fetch = async () => {
      let count = 0
      await plug.ask(question, inventory.length, block => {
        count += block.readUInt16LE(81)
      })
      return count
    }
    return { run: fetch, digest: async () => [Uint8Array.of(await fetch())] }
  },
}

await serve(tasks)
