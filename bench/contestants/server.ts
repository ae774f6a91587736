/**
 * The side that serves in the rows over TCP, in a process of its own so that its cost is not measured. It answers the
 * handshake, `mempool` with its whole input, `getheaders` with headers of its input, and `getdata` with blocks of it.
 */
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import {
  BlockHeader,
  bytesToHex,
  Deframer,
  decodeMessage,
  encodeFrame,
  equalBytes,
  HEADER_SIZE,
  type Message,
  mainnet,
  type Network,
  regtest,
} from 'rxpeer/wire'
import { frameOf, handshakeFrames } from './handshake-frames.js'
import { split } from './parts.js'

const [, , kind, path = ''] = process.argv
const input = new Uint8Array(readFileSync(path))

const headers =
  kind === 'headers'
    ? Array.from(
        { length: input.length / HEADER_SIZE },
        (_, i) => new BlockHeader(input.subarray(i * HEADER_SIZE, (i + 1) * HEADER_SIZE)),
      )
    : []
/** How many headers there are up to a hash, itself included. */
const heights = new Map(headers.map(({ hash }, i) => [bytesToHex(hash), i + 1]))

const idOf = (block: Uint8Array) => bytesToHex(new BlockHeader(block.subarray(0, HEADER_SIZE)).hash)
const blocks = new Map(
  kind === 'blocks'
    ? split(input).map(block => [idOf(block), encodeFrame(regtest.magic, 'block', block)] as const)
    : [],
)

function answer(socket: Socket, message: Message, network: Network): void {
  switch (message.command) {
    case 'version':
      socket.write(Buffer.concat(handshakeFrames(network)))
      return
    case 'ping':
      socket.write(frameOf({ command: 'pong', nonce: message.nonce }, network))
      return
    case 'mempool':
      socket.write(input)
      return
    case 'getheaders': {
      const known = Array.from(message.locator, hash => heights.get(bytesToHex(hash))).find(
        height => height !== undefined,
      )
      const from = known ?? 0
      socket.write(frameOf({ command: 'headers', headers: headers.slice(from, from + 2_000) }, network))
      return
    }
    case 'getdata':
      for (const { hash } of message.inventory) {
        const frame = blocks.get(bytesToHex(hash))
        if (frame !== undefined) socket.write(frame)
      }
  }
}

createServer({ noDelay: true }, socket => {
  let network: Network | undefined
  let deframer: Deframer | undefined
  // A client that ends abruptly ends its own connection.
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    network ??= equalBytes(chunk.subarray(0, 4), mainnet.magic) ? mainnet : regtest
    deframer ??= new Deframer(network.magic)
    deframer.push(chunk)
    for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
      answer(socket, decodeMessage(frame.name, frame.payload), network)
    }
  })
}).listen({ port: 0, host: '127.0.0.1', backlog: 511 }, function (this: ReturnType<typeof createServer>) {
  const address = this.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  console.log(`port ${address.port}`)
})
