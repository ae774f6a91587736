import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Deframer } from '../../src/wire/deframer.js'
import { WireError } from '../../src/wire/error.js'
import { encodeFrame } from '../../src/wire/frame.js'
import { hexToBytes } from '../../src/wire/hex.js'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { printable, safeText } from '../../src/wire/printable.js'
import { wireErrorOf } from '../support/wire.js'

/** Any UTF-16, halves of pairs too. */
const anyText = fc.uint16Array({ maxLength: 40 }).map(units => String.fromCharCode(...units))

test.each([
  ['inv', 'inv'],
  ['\x1b]0;owned\x07', '\\x1b]0;owned\\x07'],
  ['a\r\nb\0', 'a\\x0d\\x0ab\\x00'],
  ['\x7f\x80\x9b\xa0\xff', '\\x7f\\x80\\x9b\\xa0\\xff'],
  ['\u202e\u2028…', '\\u202e\\u2028\\u2026'],
  ['😀', '\\u1f600'],
])('%j is shown as %s', (text, shown) => {
  expect(printable(text)).toBe(shown)
  expect(safeText(text)).toBe(shown)
})

test('between quotes, quotes and backslashes are escaped, and what is long is cut', () => {
  expect(safeText('say "\\x1b"')).toBe('say \\"\\\\x1b\\"')
  expect(safeText('y'.repeat(111))).toBe('y'.repeat(111))
  expect(safeText('y'.repeat(112))).toBe(`${'y'.repeat(111)}…`)
})

test('any text becomes printable, once and for all', () => {
  fc.assert(
    fc.property(anyText, text => {
      const shown = printable(text)
      expect(shown).toMatch(/^[ -~]*$/)
      expect(printable(shown)).toBe(shown)
      expect(safeText(text)).toMatch(/^[ -~]*…?$/)
    }),
  )
})

describe('no error says a control character, wherever the name comes from', () => {
  const name = '\x1b]0;\x07\x9b"\n'
  const shown = '\\x1b]0;\\x07\\x9b"\\x0a'

  it('the frame header of a remote', () => {
    const frame = encodeFrame(regtest.magic, name, new Uint8Array(0))
    // 4,000,001 bytes, little-endian.
    frame.set(hexToBytes('01093d00'), 16)
    const deframer = new Deframer(regtest.magic)
    deframer.push(frame)
    const error = wireErrorOf(() => deframer.next())
    expect(error).toMatchObject({
      code: 'oversized-frame',
      command: name,
      message: `4000001 bytes, at most 4000000 are allowed in ${shown} at byte 16`,
    })
    expect(error.stack).not.toContain('\x1b')
  })

  it('a payload that is too long to send', () => {
    const payload = new Uint8Array(4_000_001)
    const message = { command: 'unknown', name, payload } as const
    for (const run of [() => encodeMessage(message), () => encodeFrame(regtest.magic, name, payload)]) {
      expect(wireErrorOf(run).message).toContain(`in ${shown}`)
    }
  })

  it('a name that does not fit', () => {
    const text = wireErrorOf(() => encodeFrame(regtest.magic, `${name}${name}`, new Uint8Array(0))).message
    expect(text).toMatch(/^[ -~]+$/)
    const wide = wireErrorOf(() => encodeFrame(regtest.magic, '\u202e', new Uint8Array(0))).message
    expect(wide).toContain('"\\u202e" does not fit one byte')
  })

  it('a text field that does not fit', () => {
    const reject = { command: 'reject', rejected: 'version', code: 1, reason: 'full — later' } as const
    expect(wireErrorOf(() => encodeMessage(reject)).message).toContain('"\\u2014" does not fit one byte')
  })

  it('whoever makes the error', () => {
    fc.assert(
      fc.property(anyText, anyText, (detail, command) => {
        expect(new WireError('bad-value', detail, { command }).message).toMatch(/^[ -~]*$/)
      }),
    )
  })

  it('bytes that are no hex', () => {
    expect(() => hexToBytes('\x1b[2J')).toThrow('not hex: "\\x1b[2J"')
  })

  it('and what a remote calls unknown is decoded all the same', () => {
    expect(decodeMessage(name, new Uint8Array(0))).toMatchObject({ command: 'unknown', name })
  })
})
