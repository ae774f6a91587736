import Framer from 'bcoin/lib/net/framer.js'
import packets, { type Packet } from 'bcoin/lib/net/packets.js'
import Parser from 'bcoin/lib/net/parser.js'
import Block from 'bcoin/lib/primitives/block.js'
import TX from 'bcoin/lib/primitives/tx.js'
import { chunks, split, text } from '../parts.js'
import type { Task, Tasks } from '../serve.js'
import { first } from './blocks.js'

const { BlockPacket, HeadersPacket, InvPacket, TXPacket } = packets
const framer = new Framer('main')
const frameOf = (packet: Packet) => framer.packet(packet.cmd, packet.toRaw())

function encoding(all: readonly Packet[]): Task {
  return {
    run: () => all.reduce((sum, packet) => sum + frameOf(packet).length, 0),
    digest: () => all.map(frameOf),
  }
}

/** What a packet says, written anew. */
export function written(packet: Packet): Uint8Array[] {
  packet.tx?.refresh()
  packet.block?.refresh(true)
  // Else what came with witnesses is written without.
  if (packet.tx !== undefined || packet.block !== undefined) packet.witness = true
  return [text(packet.cmd), packet.toRaw()]
}

const buffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

export const messages: Tasks = {
  'headers-ids': input => {
    const headers = () => HeadersPacket.fromRaw(buffer(input)).items
    return {
      run: () => headers().reduce((sum, header) => sum + header.hash()[0]!, 0),
      digest: () => headers().map(header => header.hash()),
    }
  },
  'headers-fields': input => ({
    run: () => {
      let sum = 0
      for (const header of HeadersPacket.fromRaw(buffer(input)).items) {
        sum += (header.version >>> 0) + first(header.prevBlock) + first(header.merkleRoot)
        sum += header.time + header.bits + header.nonce
      }
      return sum
    },
    digest: () => [HeadersPacket.fromRaw(buffer(input)).toRaw()],
  }),
  'inv-read': input => ({
    run: () => {
      let sum = 0
      for (const { type, hash } of InvPacket.fromRaw(buffer(input)).items) sum += type + first(hash)
      return sum
    },
    digest: () => [InvPacket.fromRaw(buffer(input)).toRaw()],
  }),
  'encode-block': input => encoding([new BlockPacket(Block.fromRaw(buffer(input)), true)]),
  'encode-tx': input => encoding(split(input).map(part => new TXPacket(TX.fromRaw(buffer(part)), true))),
  'encode-inv': input => encoding([InvPacket.fromRaw(buffer(input))]),
  stream: (input, size) => {
    const pieces = chunks(input, size).map(buffer)
    const parser = new Parser('main')
    let count = 0
    let all: Uint8Array[] | undefined
    parser.on('error', error => {
      throw error
    })
    parser.on('packet', packet => {
      count += 1
      all?.push(...written(packet))
    })
    const read = () => {
      count = 0
      for (const piece of pieces) parser.feed(piece)
      return count
    }
    return {
      run: read,
      digest: () => {
        all = []
        const made = all
        read()
        all = undefined
        return made
      },
    }
  },
}
