import {
  type BlockHeader,
  Deframer,
  decodeMessage,
  encodeMessage,
  type Inventory,
  type List,
  type Message,
  mainnet,
  wireName,
  writeMessageFrame,
} from 'rxpeer/wire'
import { chunks, split, text } from '../parts.js'
import type { Task, Tasks } from '../serve.js'

function headers(payload: Uint8Array): List<BlockHeader> {
  const message = decodeMessage('headers', payload)
  if (message.command !== 'headers') throw new Error('no headers')
  return message.headers
}

function inventory(payload: Uint8Array): List<Inventory> {
  const message = decodeMessage('inv', payload)
  if (message.command !== 'inv') throw new Error('no inventory')
  return message.inventory
}

/** Room for the longest frame: as to a socket, everyone writes to the same place again and again. */
const target = new Uint8Array(4_000_024)

const write = (message: Message): number => {
  const end = writeMessageFrame(target, 0, mainnet.magic, message)
  if (end < 0) throw new Error('no room')
  return end
}

function encoding(messages: readonly Message[]): Task {
  return {
    run: () => {
      let total = 0
      for (const message of messages) total += write(message)
      return total
    },
    digest: () => messages.map(message => target.slice(0, write(message))),
  }
}

/** Hands each message of a stream to `next`; answers how many there were. */
function readStream(pieces: readonly Uint8Array[], next: (message: Message) => void): number {
  const deframer = new Deframer(mainnet.magic)
  let count = 0
  for (const piece of pieces) {
    deframer.push(piece)
    for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
      if (!frame.checksumValid || frame.commandFault !== undefined) throw new Error('a bad frame')
      next(decodeMessage(frame.name, frame.payload))
      count += 1
    }
  }
  return count
}

/** What a message says, written anew. */
export const written = (message: Message): Uint8Array[] => [
  text(wireName(message)),
  message.command === 'unknown' ? message.payload : encodeMessage(message),
]

export const messages: Tasks = {
  'headers-ids': input => ({
    run: () => {
      let total = 0
      for (const header of headers(input)) total += header.hash[0]!
      return total
    },
    digest: () => Array.from(headers(input), header => header.hash),
  }),
  'headers-fields': input => ({
    run: () => {
      let total = 0
      for (const header of headers(input)) {
        total += (header.version >>> 0) + header.previousBlock[0]! + header.merkleRoot[0]!
        total += header.time + header.bits + header.nonce
      }
      return total
    },
    digest: () => [encodeMessage({ command: 'headers', headers: headers(input) })],
  }),
  'inv-read': input => ({
    run: () => {
      let total = 0
      for (const { type, hash } of inventory(input)) total += type + hash[0]!
      return total
    },
    // As literals, so that what is compared went through the entries.
    digest: () => [encodeMessage({ command: 'inv', inventory: Array.from(inventory(input)) })],
  }),
  'encode-block': input => encoding([decodeMessage('block', input)]),
  'encode-tx': input => encoding(split(input).map(part => decodeMessage('tx', part))),
  'encode-inv': input => encoding([{ command: 'inv', inventory: Array.from(inventory(input)) }]),
  stream: (input, size) => {
    const pieces = chunks(input, size)
    return {
      run: () => readStream(pieces, () => {}),
      digest: () => {
        const all: Uint8Array[] = []
        readStream(pieces, message => all.push(...written(message)))
        return all
      },
    }
  },
}
