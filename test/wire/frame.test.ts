import { describe, expect, it, test } from 'vitest'
import { Deframer, type Frame } from '../../src/wire/deframer.js'
import { COMMAND_SIZE, encodeFrame, FRAME_HEADER } from '../../src/wire/frame.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { MAX_PAYLOAD } from '../../src/wire/limits.js'
import { decodeMessage } from '../../src/wire/messages.js'
import { mainnet } from '../../src/wire/network.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const { magic } = mainnet

test.each([
  ['verack', '', 'f9beb4d976657261636b000000000000000000005df6e0e2'],
  ['ping', '0100000000000000', 'f9beb4d970696e6700000000000000000800000008533f6b0100000000000000'],
  ['abcdefghijkl', '', 'f9beb4d96162636465666768696a6b6c000000005df6e0e2'],
  ['\u00ff', '', 'f9beb4d9ff0000000000000000000000000000005df6e0e2'],
])('%s with payload "%s" is framed, and read back', (name, payload, hex) => {
  expect(bytesToHex(encodeFrame(magic, name, hexToBytes(payload)))).toBe(hex)
  expect(hex.length / 2).toBe(FRAME_HEADER + payload.length / 2)
  const deframer = new Deframer(magic)
  deframer.push(hexToBytes(hex))
  expect(deframer.next()).toMatchObject({
    name,
    payload: hexToBytes(payload),
    size: hex.length / 2,
    checksumValid: true,
  })
})

describe('what does not fit a frame', () => {
  it.each([
    ['an empty name', ''],
    ['13 characters', 'abcdefghijklm'],
    ['a character above one byte', 'pi€'],
  ])('%s', (_, name) => {
    expect(wireErrorOf(() => encodeFrame(magic, name, new Uint8Array(0)))).toMatchObject({
      code: 'bad-command',
      command: name,
    })
  })

  it('a payload above 4,000,000 bytes', () => {
    expect(MAX_PAYLOAD).toBe(4_000_000)
    expect(encodeFrame(magic, 'a', new Uint8Array(4_000_000)).length).toBe(4_000_024)
    expect(outcome(() => encodeFrame(magic, 'a', new Uint8Array(4_000_001)))).toBe('oversized-frame')
  })
})

test('the sizes of the header', () => {
  expect([FRAME_HEADER, COMMAND_SIZE]).toEqual([24, 12])
})

/** Pushes all and answers the first frame, or the code of the fault. */
function read(bytes: Uint8Array): Frame | undefined | string {
  const deframer = new Deframer(magic)
  deframer.push(bytes)
  let frame: Frame | undefined
  const code = outcome(() => {
    frame = deframer.next()
  })
  return code === 'ok' ? frame : code
}

/** Command bytes, the fault they are, and the name that is read. */
const commands: readonly [string, string, Frame['commandFault'], string][] = [
  ['plain ASCII', '70696e670000000000000000', undefined, 'ping'],
  ['12 characters', '6162636465666768696a6b6c', undefined, 'abcdefghijkl'],
  ['nothing but NUL', '000000000000000000000000', undefined, ''],
  ['the lowest printable', '200000000000000000000000', undefined, ' '],
  ['the highest printable', '7e0000000000000000000000', undefined, '~'],
  ['an embedded NUL', '7069006e6700000000000000', 'bad-command', 'pi\u0000ng'],
  ['a NUL first', '0070696e6700000000000000', 'bad-command', '\u0000ping'],
  ['0x1f', '70691f670000000000000000', 'bad-command', 'pi\u001fg'],
  ['0x7f', '70697f670000000000000000', 'bad-command', 'pi\u007fg'],
  ['UTF-8 of two bytes', 'c3a900000000000000000000', 'bad-command', 'Ã©'],
  ['no UTF-8', 'fffe6e670000000000000000', 'command-not-utf8', 'ÿþng'],
  ['UTF-8 cut short by the end', '6162636465666768696a6bc3', 'command-not-utf8', 'abcdefghijkÃ'],
]

test.each(commands)('a command with %s', (_, hex, commandFault, name) => {
  const frame = read(hexToBytes(`f9beb4d9${hex}000000005df6e0e2`))
  expect(frame).toMatchObject({ name, commandFault, checksumValid: true })
})

test('a checksum that does not fit is a fact, not an error', () => {
  expect(read(hexToBytes('f9beb4d970696e67000000000000000008000000ffffffff0100000000000000'))).toMatchObject({
    name: 'ping',
    checksumValid: false,
    payload: hexToBytes('0100000000000000'),
  })
})

describeVectors('wire/frames_v1.json', () => {
  const { frames } = vectorJson<{ frames: readonly { name: string; bytes: string }[] }>(
    'wire/frames_v1.json',
    {
      frames: [],
    },
  )

  interface Fact {
    /** The code that the deframer throws, `waiting`, or facts of the frame. */
    readonly deframed: string | Partial<Frame>
    /** Outcome of decodeMessage, strict and then lenient. */
    readonly decoded?: readonly [string, string]
  }
  const ok = { checksumValid: true, commandFault: undefined }
  const facts: Readonly<Record<string, Fact>> = {
    verack: { deframed: { ...ok, name: 'verack' }, decoded: ['ok', 'ok'] },
    ping: { deframed: { ...ok, name: 'ping' }, decoded: ['ok', 'ok'] },
    'unknown command': { deframed: { ...ok, name: 'bogus' }, decoded: ['ok', 'ok'] },
    'unknown command, bad checksum': {
      deframed: { name: 'bogus', checksumValid: false },
      decoded: ['ok', 'ok'],
    },
    'wrong magic': { deframed: 'wrong-magic' },
    'bad checksum': { deframed: { name: 'ping', checksumValid: false } },
    'length 4000001': { deframed: 'oversized-frame' },
    'length 4000000 header only': { deframed: 'waiting' },
    'command with embedded NUL': { deframed: { checksumValid: true, commandFault: 'bad-command' } },
    'command with 0x1f': { deframed: { checksumValid: true, commandFault: 'bad-command' } },
    'command with 0x7f': { deframed: { checksumValid: true, commandFault: 'bad-command' } },
    'command invalid UTF-8': { deframed: { checksumValid: true, commandFault: 'command-not-utf8' } },
    'getaddr with 1-byte payload': { deframed: ok, decoded: ['oversized-payload', 'ok'] },
    'ping with 4-byte payload': { deframed: ok, decoded: ['truncated', 'truncated'] },
    'ping with 9-byte payload': { deframed: ok, decoded: ['oversized-payload', 'ok'] },
    'addr count 2, no data': { deframed: ok, decoded: ['truncated', 'truncated'] },
    'inv 0 items + 1 trailing byte': { deframed: ok, decoded: ['trailing-bytes', 'ok'] },
    '12-character command': { deframed: { ...ok, name: 'abcdefghijkl' }, decoded: ['ok', 'ok'] },
  }

  it.each(frames)('$name', ({ name, bytes }) => {
    const fact = facts[name]
    expect(fact, 'a vector without an expectation').toBeDefined()
    if (fact === undefined) return
    const frame = read(hexToBytes(bytes))
    if (typeof fact.deframed === 'string') expect(frame ?? 'waiting').toBe(fact.deframed)
    else expect(frame).toMatchObject(fact.deframed)
    if (fact.decoded === undefined || typeof frame !== 'object') return
    const decoded = [false, true].map(lenient =>
      outcome(() => decodeMessage(frame.name, frame.payload, { lenient })),
    )
    expect(decoded).toEqual(fact.decoded)
  })

  it('has all of them', () => {
    expect(frames.map(({ name }) => name).sort()).toEqual(Object.keys(facts).sort())
  })
})
