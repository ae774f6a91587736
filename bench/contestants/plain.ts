/**
 * The plainest way to do a row by hand with Node alone: no limits, no faults, and no other message than the row's. The
 * regression guard compares with it, since it is there wherever Node is.
 */
import { createHash } from 'node:crypto'
import { mainnet } from 'rxpeer/wire'
import { chunks, split, text } from './parts.js'
import { serve, type Task } from './serve.js'

const buffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const sha256d = (bytes: Uint8Array) => sha256(sha256(bytes))

/** Reads a frame at an offset: its payload, checked. */
function payloadAt(chunk: Buffer, at: number): Buffer {
  const payload = chunk.subarray(at + 24, at + 24 + chunk.readUInt32LE(at + 16))
  if (sha256d(payload).readUInt32LE(0) !== chunk.readUInt32LE(at + 20)) throw new Error('a bad checksum')
  return payload
}

/** Reads a stream, chunk by chunk behind what was left of the one before. */
function readStream(pieces: readonly Buffer[], next: (name: string, payload: Buffer) => void): number {
  let count = 0
  let rest: Buffer = Buffer.alloc(0)
  for (const piece of pieces) {
    const chunk = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let at = 0
    while (chunk.length - at >= 24 && chunk.length - at >= 24 + chunk.readUInt32LE(at + 16)) {
      const payload = payloadAt(chunk, at)
      const name = chunk.toString('latin1', at + 4, at + 16)
      next(name.slice(0, name.indexOf('\0')), payload)
      at += 24 + payload.length
      count += 1
    }
    rest = chunk.subarray(at)
  }
  return count
}

function stream(input: Uint8Array, size: number): Task {
  const pieces = chunks(input, size).map(buffer)
  return {
    run: () => readStream(pieces, () => {}),
    digest: () => {
      const all: Uint8Array[] = []
      readStream(pieces, (name, payload) => all.push(text(name), payload))
      return all
    },
  }
}

function frame(name: string, payload: Uint8Array): Buffer {
  const whole = Buffer.alloc(24 + payload.length)
  whole.set(mainnet.magic)
  whole.write(name, 4, 'latin1')
  whole.writeUInt32LE(payload.length, 16)
  whole.writeUInt32LE(sha256d(payload).readUInt32LE(0), 20)
  whole.set(payload, 24)
  return whole
}

function encoding(name: string, payloads: readonly Uint8Array[]): Task {
  return {
    run: () => payloads.reduce((sum, payload) => sum + frame(name, payload).length, 0),
    digest: () => payloads.map(payload => frame(name, payload)),
  }
}

/** A list of entries of one size behind a count of one or three bytes. */
function entries(input: Uint8Array, size: number): Buffer[] {
  const bytes = buffer(input)
  const all: Buffer[] = []
  for (let at = bytes[0] === 0xfd ? 3 : 1; at < bytes.length; at += size)
    all.push(bytes.subarray(at, at + size))
  return all
}

await serve({
  stream,
  peer: stream,
  'headers-ids': input => {
    const ids = () => entries(input, 81).map(header => sha256d(header.subarray(0, 80)))
    return { run: () => ids().reduce((sum, id) => sum + id[0]!, 0), digest: ids }
  },
  'inv-read': input => ({
    run: () => {
      let sum = 0
      for (const entry of entries(input, 36)) {
        const { type, hash } = { type: entry.readUInt32LE(0), hash: entry.subarray(4) }
        sum += type + hash[0]!
      }
      return sum
    },
    digest: () => [input],
  }),
  'encode-tx': input => encoding('tx', split(input)),
  'encode-inv': input => {
    const inventory = entries(input, 36).map(entry => ({
      type: entry.readUInt32LE(0),
      hash: entry.subarray(4),
    }))
    const written = () => {
      const payload = Buffer.alloc(1 + 36 * inventory.length)
      payload[0] = inventory.length
      inventory.forEach(({ type, hash }, i) => {
        payload.writeUInt32LE(type, 1 + 36 * i)
        payload.set(hash, 5 + 36 * i)
      })
      return frame('inv', payload)
    }
    return { run: () => written().length, digest: () => [written()] }
  },
})
