import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { fromBase32, toBase32 } from '../../src/wire/base32.js'

// RFC 4648, section 10, in lower case and without padding.
it.each([
  ['', ''],
  ['f', 'my'],
  ['fo', 'mzxq'],
  ['foo', 'mzxw6'],
  ['foob', 'mzxw6yq'],
  ['fooba', 'mzxw6ytb'],
  ['foobar', 'mzxw6ytboi'],
])('"%s" is "%s"', (text, base32) => {
  const bytes = new TextEncoder().encode(text)
  expect(toBase32(bytes)).toBe(base32)
  expect(fromBase32(base32)).toEqual(bytes)
  expect(fromBase32(base32.toUpperCase())).toEqual(bytes)
})

it.each([
  ['m', 'one digit holds no byte'],
  ['mzx', 'three digits leave a digit over'],
  ['mz', 'stray bits behind the last byte'],
  ['mzxr', 'stray bits behind the last byte'],
  ['my======', 'padding'],
  ['m1', 'a digit outside the alphabet'],
  ['m ', 'a blank'],
  ['mÿ', 'not ASCII'],
])('"%s" is refused: %s', text => {
  expect(fromBase32(text)).toBeUndefined()
})

test('any bytes survive', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      expect(fromBase32(toBase32(bytes))).toEqual(bytes)
    }),
  )
})
