import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex, equalBytes, fromHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import { hash } from '../support/arbitraries.js'

test.each([
  ['', []],
  ['00', [0]],
  ['0aff', [0x0a, 0xff]],
  ['deadbeef', [0xde, 0xad, 0xbe, 0xef]],
])('"%s" is the bytes %j, both ways', (hex, bytes) => {
  expect(hexToBytes(hex)).toEqual(Uint8Array.from(bytes))
  expect(bytesToHex(Uint8Array.from(bytes))).toBe(hex)
})

test('both cases are read, lower case is written', () => {
  expect(bytesToHex(hexToBytes('DEADbeEF'))).toBe('deadbeef')
})

test.each(['0', 'abc', 'zz', '0x00', ' 00', '0g', '00\n', '１１'])('"%s" is not hex', hex => {
  expect(() => hexToBytes(hex)).toThrow(TypeError)
})

const genesis = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'

test('a hash is shown back to front', () => {
  const bytes = fromHex(genesis)
  expect(bytesToHex(bytes)).toBe('6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000')
  expect(toHex(bytes)).toBe(genesis)
})

test.each([
  ['too short', genesis.slice(2)],
  ['too long', `${genesis}00`],
  ['not hex', `${genesis.slice(0, 63)}g`],
  ['empty', ''],
])('a hash that is %s is refused', (_, hex) => {
  expect(() => fromHex(hex)).toThrow(TypeError)
})

test('any bytes and any hash survive', () => {
  fc.assert(
    fc.property(fc.uint8Array(), hash, (bytes, id) => {
      expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes)
      expect(fromHex(toHex(id))).toEqual(id)
    }),
  )
})

test('equalBytes compares lengths and every byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, at) => {
      const other = bytes.slice()
      expect(equalBytes(bytes, other)).toBe(true)
      other[at % other.length]! ^= 1
      expect(equalBytes(bytes, other)).toBe(false)
      expect(equalBytes(bytes, bytes.subarray(1))).toBe(false)
    }),
  )
  expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true)
})
