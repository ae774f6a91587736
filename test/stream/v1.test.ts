import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Broken, Inbound, Link, Reading } from '../../src/stream/link.js'
import { v1 } from '../../src/stream/v1.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { WireError } from '../../src/wire/error.js'
import { encodeFrame } from '../../src/wire/frame.js'
import { type Message, toPlain } from '../../src/wire/messages.js'
import { mainnet, regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'

const reading: Reading = { protocolVersion: 70016, lenient: false, oversized: false, untimely: false }

/** A link, and what it tells. */
function linked() {
  const told: string[] = []
  const link = v1(regtest, {
    opened: () => told.push('opened'),
    write: bytes => told.push(`writes ${bytes.length}`),
  })
  return { link, told }
}

/** What an inbound says, as tests compare it. */
function plain(inbound: Inbound | Broken): unknown {
  if (inbound.kind === 'broken') return `broken ${inbound.error.code}`
  const message = inbound.read(reading)
  return {
    name: inbound.name,
    size: inbound.size,
    faults: inbound.faults.map(({ code }) => code),
    message: message instanceof WireError ? message.code : toPlain(message),
  }
}

function taken(link: Link): unknown[] {
  const all: unknown[] = []
  for (let one = link.next(); one !== undefined; one = link.next()) all.push(plain(one))
  return all
}

const inv: Message = { command: 'inv', inventory: [{ type: 1, hash: new Uint8Array(32).fill(7) }] }
const messages: readonly Message[] = [
  { command: 'getaddr' },
  { command: 'ping', nonce: 5n },
  inv,
  { command: 'unknown', name: 'mystery', payload: new Uint8Array(300).fill(1) },
  remoteVersion(),
]
/** One frame of each fault that leaves the stream in step, and one of a payload that says nothing. */
const spoilt = [
  frameOf(inv).map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
  frameOf({ command: 'getaddr' }).map((byte, i) => (i === 6 ? 0x1b : byte)),
  frameOf({ command: 'getaddr' }).map((byte, i) => (i === 6 ? 0xff : byte)),
  encodeFrame(regtest.magic, 'ping', new Uint8Array(3)),
]
const stream = Buffer.concat([...messages.map(message => frameOf(message)), ...spoilt])

describe('a plain link', () => {
  it('opens at the start, and says nothing of its own', () => {
    const { link, told } = linked()
    expect(told).toEqual([])
    link.start()
    expect(told).toEqual(['opened'])
    expect(link.transport).toBe('v1')
  })

  it('brings messages with their names, sizes and faults', () => {
    const { link } = linked()
    link.push(Uint8Array.from(stream))
    const all = taken(link)
    expect(all.slice(0, 3)).toEqual([
      { name: 'getaddr', size: 24, faults: [], message: { command: 'getaddr' } },
      { name: 'ping', size: 32, faults: [], message: { command: 'ping', nonce: '5' } },
      { name: 'inv', size: 61, faults: [], message: toPlain(inv) },
    ])
    expect(all.slice(5)).toEqual([
      expect.objectContaining({ name: 'inv', faults: ['bad-checksum'] }),
      expect.objectContaining({ faults: ['bad-command'] }),
      expect.objectContaining({ faults: ['command-not-utf8'] }),
      { name: 'ping', size: 27, faults: [], message: 'truncated' },
    ])
  })

  it('says where a fault of the framing is, and tells two of them in their order', () => {
    const { link } = linked()
    link.push(frameOf(inv).map((byte, i) => (i === 6 ? 0x1b : i === 21 ? byte ^ 1 : byte)))
    const inbound = link.next()
    expect(inbound).toMatchObject({
      faults: [
        { code: 'bad-command', offset: 4 },
        { code: 'bad-checksum', offset: 20 },
      ],
    })
  })

  it('brings the same messages however the stream is cut', () => {
    const whole = linked()
    whole.link.push(Uint8Array.from(stream))
    const expected = taken(whole.link)
    expect(expected).toHaveLength(messages.length + spoilt.length)
    fc.assert(
      fc.property(
        fc.array(fc.nat(stream.length), { maxLength: 40 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        (cuts, takes) => {
          const { link } = linked()
          const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
          const seen: unknown[] = []
          let pushed = 0
          places.forEach((at, i) => {
            const chunk = Uint8Array.from(stream.subarray(places[i - 1] ?? 0, at))
            link.push(chunk)
            pushed += chunk.length
            // Some chunks wait for others.
            if (takes[i] === true) seen.push(...taken(link))
            expect(link.waiting).toBeGreaterThanOrEqual(pushed - bytesOf(seen))
          })
          seen.push(...taken(link))
          expect(seen).toEqual(expected)
          expect(link.waiting).toBe(0)
          expect(link.end()).toBeUndefined()
        },
      ),
    )
  })

  it('cuts a message when it is asked for it, and not before', () => {
    const { link } = linked()
    link.push(Uint8Array.from(Buffer.concat([frameOf(inv), Buffer.from('what comes here has no magic')])))
    expect(link.waiting).toBe(61 + 28)
    expect(link.next()).toMatchObject({ name: 'inv' })
    expect(link.waiting).toBe(28)
    expect(link.next()).toMatchObject({ kind: 'broken' })
  })

  it.each([
    ['wrong-magic', Uint8Array.of(1, 2, 3, 4)],
    ['wrong-magic', frameOf({ command: 'getaddr' }, mainnet)],
    ['oversized-frame', frameOf({ command: 'getaddr' }).map((byte, i) => (i >= 16 && i < 20 ? 0xff : byte))],
  ])('breaks with %s once, and brings nothing behind that', (code, bytes) => {
    const { link } = linked()
    link.push(frameOf(inv))
    link.push(bytes)
    link.push(frameOf(inv))
    expect(link.next()).toMatchObject({ kind: 'received' })
    expect(link.next()).toMatchObject({ kind: 'broken', error: { code } })
    expect(link.next()).toBeUndefined()
    link.push(frameOf(inv))
    expect(link.next()).toBeUndefined()
  })

  it('has bytes that wait: chunks that are not cut, and the message that is coming in', () => {
    const { link } = linked()
    const frame = frameOf({ command: 'unknown', name: 'mystery', payload: new Uint8Array(2_000) })
    expect(link.waiting).toBe(0)
    link.push(frame.slice(0, 10))
    link.push(frame.slice(10, 20))
    expect(link.waiting).toBe(20)
    expect(link.next()).toBeUndefined()
    expect(link.waiting).toBe(20)
    // What is claimed is not allocated: only as much as has come, twice, and a first piece.
    link.push(frame.slice(20, 124))
    expect(link.next()).toBeUndefined()
    expect(link.waiting).toBe(24 + 1_024)
    link.push(frame.slice(124))
    expect(link.waiting).toBe(24 + 1_024 + 1_900)
    expect(link.next()).toBeDefined()
    expect(link.waiting).toBe(0)
  })

  it('ends in order between messages, and truncated inside of one', () => {
    const { link } = linked()
    expect(link.end()).toBeUndefined()
    const frame = frameOf(inv)
    for (const part of [frame.slice(0, 1), frame.slice(1, 30), frame.slice(30, 60)]) {
      link.push(part)
      link.next()
      expect(link.end()).toMatchObject({ code: 'truncated-frame' })
    }
    link.push(frame.slice(60))
    link.next()
    expect(link.end()).toBeUndefined()
  })

  it('reads a message by the version of the moment in which it is asked, and remembers what it said', () => {
    const { link } = linked()
    for (const protocolVersion of [70011, 70012]) {
      link.push(frameOf({ command: 'sendheaders' }))
      const inbound = link.next()
      if (inbound?.kind !== 'received') throw new Error('a message is missing')
      const first = inbound.read({ ...reading, protocolVersion })
      expect(first).toMatchObject(
        protocolVersion === 70011 ? { code: 'unsupported-version' } : { command: 'sendheaders' },
      )
      expect(inbound.read(reading)).toBe(first)
    }
  })

  it('remembers a fault of the payload as well', () => {
    const { link } = linked()
    link.push(encodeFrame(regtest.magic, 'ping', new Uint8Array(3)))
    const inbound = link.next()
    if (inbound?.kind !== 'received') throw new Error('a message is missing')
    const fault = inbound.read(reading)
    expect(fault).toBeInstanceOf(WireError)
    expect(inbound.read(reading)).toBe(fault)
  })

  it('reads bytes behind the last field over where it is lenient', () => {
    const { link } = linked()
    for (const lenient of [true, false]) {
      link.push(encodeFrame(regtest.magic, 'inv', Uint8Array.of(0, 0)))
      const inbound = link.next()
      if (inbound?.kind !== 'received') throw new Error('a message is missing')
      const message = inbound.read({ ...reading, lenient })
      expect(message).toMatchObject(lenient ? { command: 'inv' } : { code: 'trailing-bytes' })
    }
  })

  it('M9 copies a version out of its chunk, also where chunks are buffers of Node', () => {
    const chunk = Buffer.alloc(62_000)
    chunk.set(frameOf(remoteVersion({ userAgent: '/a:1/' })))
    const { link } = linked()
    link.push(chunk)
    const inbound = link.next()
    if (inbound?.kind !== 'received') throw new Error('a message is missing')
    const version = inbound.read(reading)
    if (version instanceof WireError || version.command !== 'version') throw new Error('a version is missing')
    expect(version.sender.address.buffer.byteLength).toBeLessThan(1_000)
    expect(version.receiver.address.buffer.byteLength).toBeLessThan(1_000)
  })

  it('packs what it can read again', () => {
    const { link } = linked()
    for (const message of messages) link.push(link.encode(message, { protocolVersion: 70016 }))
    expect(taken(link)).toMatchObject(messages.map(message => ({ message: toPlain(message), faults: [] })))
  })

  it('packs nothing that cannot be a message', () => {
    const { link } = linked()
    const bad: readonly Message[] = [
      { command: 'ping', nonce: -1n },
      { command: 'unknown', name: '', payload: new Uint8Array(0) },
      { command: 'unknown', name: 'thirteen_long', payload: new Uint8Array(0) },
      { command: 'unknown', name: 'x', payload: new Uint8Array(4_000_001) },
    ]
    for (const message of bad) expect(() => link.encode(message, {})).toThrow(WireError)
  })
})

/** Bytes of what was taken. */
function bytesOf(seen: readonly unknown[]): number {
  return seen.reduce<number>(
    (sum, one) => sum + (typeof one === 'object' && one !== null && 'size' in one ? Number(one.size) : 0),
    0,
  )
}

describe('room', () => {
  const frame = encodeFrame(regtest.magic, 'block', new Uint8Array(200_000))

  it('is not given while chunks wait that come before it', () => {
    const { link } = linked()
    link.push(frame.subarray(0, 100_000))
    expect(link.room()).toBeUndefined()
    expect(link.next()).toBeUndefined()
    expect(link.room()?.length).toBe(frame.length - 100_000)
  })

  it('is not given where another chunk waits', () => {
    const { link } = linked()
    link.push(frame.subarray(0, 100_000))
    link.next()
    link.push(frame.subarray(100_000, 120_000))
    expect(link.room()).toBeUndefined()
    link.next()
    expect(link.room()?.length).toBe(frame.length - 120_000)
  })

  it('is not given where the stream is out of step', () => {
    const { link } = linked()
    link.push(new Uint8Array(24))
    expect(link.next()).toMatchObject({ kind: 'broken' })
    expect(link.room()).toBeUndefined()
  })
})
