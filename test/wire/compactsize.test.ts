import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { compactSizeLength, Reader, Writer } from '../../src/wire/cursor.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { MAX_SIZE } from '../../src/wire/limits.js'
import { TransactionScanner } from '../../src/wire/transaction-scanner.js'
import { u64 } from '../support/arbitraries.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const read = (hex: string, limit?: number) => new Reader(hexToBytes(hex)).compactSize(limit)
const read64 = (hex: string) => new Reader(hexToBytes(hex)).compactSize64()

function written(write: (writer: Writer) => void): string {
  const writer = new Writer()
  write(writer)
  return bytesToHex(writer.finish())
}

/** Both sides of every border between two forms. */
const good: readonly [bigint, string][] = [
  [0n, '00'],
  [1n, '01'],
  [0xfcn, 'fc'],
  [0xfdn, 'fdfd00'],
  [0xffn, 'fdff00'],
  [0x100n, 'fd0001'],
  [0xffffn, 'fdffff'],
  [0x1_0000n, 'fe00000100'],
  [0x200_0000n, 'fe00000002'],
  [0xffff_ffffn, 'feffffffff'],
  [0x1_0000_0000n, 'ff0000000001000000'],
  [2n ** 53n - 1n, 'ffffffffffffff1f00'],
  [2n ** 53n, 'ff0000000000002000'],
  [2n ** 64n - 1n, 'ffffffffffffffffff'],
]

const nonCanonical = [
  'fd0000',
  'fd0100',
  'fdfc00',
  'fe00000000',
  'fefd000000',
  'feffff0000',
  'ff0000000000000000',
  'ffffffffff00000000',
]

const truncated = ['', 'fd', 'fd00', 'fe', 'fe000000', 'ff', 'ff00000000000000']

test.each(good)('%s is written as %s, and read back', (value, hex) => {
  expect(written(writer => writer.compactSize64(value))).toBe(hex)
  expect(read64(hex)).toBe(value)
  expect(hex.length / 2).toBe(compactSizeLength(Number(value)))
  if (value <= 0xffff_ffffn) {
    expect(written(writer => writer.compactSize(Number(value)))).toBe(hex)
    expect(read(hex)).toBe(Number(value))
  } else {
    expect(wireErrorOf(() => read(hex))).toMatchObject({ code: 'too-long', offset: 0 })
    expect(outcome(() => written(writer => writer.compactSize(Number(value))))).toBe('bad-value')
  }
})

test.each(nonCanonical)('%s is not the shortest form', hex => {
  expect(wireErrorOf(() => read(hex))).toMatchObject({ code: 'non-canonical-size', offset: 0 })
  expect(wireErrorOf(() => read64(hex))).toMatchObject({ code: 'non-canonical-size', offset: 0 })
})

test.each(truncated)('"%s" ends too early', hex => {
  expect(outcome(() => read(hex))).toBe('truncated')
  expect(outcome(() => read64(hex))).toBe('truncated')
})

describe('the scanner of transactions reads by the same rules', () => {
  const scan = (hex: string) => new TransactionScanner(hexToBytes(hex), 0).size()

  it.each(good)('%s as %s', (value, hex) => {
    // No transaction has anything that is counted in nine bytes.
    if (value > 0xffff_ffffn) expect(outcome(() => scan(hex))).toBe('too-long')
    else expect(scan(hex)).toBe(Number(value))
  })

  it.each(nonCanonical)('%s is refused', hex => {
    expect(outcome(() => scan(hex))).toBe(hex.startsWith('ff') ? 'too-long' : 'non-canonical-size')
  })

  it.each(truncated)('"%s" is refused', hex => {
    expect(outcome(() => scan(hex))).toBe(hex.startsWith('ff') ? 'too-long' : 'truncated')
  })
})

test('the cursor moves past the size, and no further', () => {
  for (const [value, hex] of good) {
    const reader = new Reader(hexToBytes(`aa${hex}bb`))
    reader.u8()
    expect(reader.compactSize64()).toBe(value)
    expect(reader.offset).toBe(1 + hex.length / 2)
    expect(reader.u8()).toBe(0xbb)
  }
})

describe('a limit holds in every form', () => {
  test.each([
    ['05', 5],
    ['fc', 0xfc],
    ['fdfd00', 0xfd],
    ['fe00000100', 0x1_0000],
    ['fe00000002', MAX_SIZE],
  ])('%s is taken at its own value, refused one below', (hex, value) => {
    expect(read(hex, value)).toBe(value)
    expect(wireErrorOf(() => read(hex, value - 1))).toMatchObject({ code: 'too-long', offset: 0 })
  })
})

describe('counts and lengths', () => {
  it('refuses a count above its limit before it looks at the bytes', () => {
    const reader = new Reader(hexToBytes('fdffff'))
    expect(wireErrorOf(() => reader.count(0xfffe, 1))).toMatchObject({ code: 'too-many', offset: 0 })
  })

  it('refuses a count that the rest of the payload cannot hold', () => {
    expect(new Reader(hexToBytes('02aabbccdd')).count(2, 2)).toBe(2)
    expect(wireErrorOf(() => new Reader(hexToBytes('02aabbcc')).count(2, 2))).toMatchObject({
      code: 'truncated',
      offset: 0,
    })
  })

  it('refuses whatever is above MAX_SIZE, under any limit', () => {
    expect(outcome(() => new Reader(hexToBytes('fe01000002')).count(2 ** 32, 0))).toBe('too-long')
    expect(outcome(() => new Reader(hexToBytes('fe01000002')).varBytes(2 ** 32))).toBe('too-long')
    expect(outcome(() => new Reader(hexToBytes('fe00000002')).count(2 ** 32, 0))).toBe('ok')
  })

  it('reads byte strings up to their limit, as views', () => {
    const payload = hexToBytes('03010203ff')
    const reader = new Reader(payload)
    const bytes = reader.varBytes(3)
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3))
    expect(bytes.buffer).toBe(payload.buffer)
    expect(reader.remaining).toBe(1)
    expect(wireErrorOf(() => new Reader(payload).varBytes(2))).toMatchObject({ code: 'too-long', offset: 0 })
    expect(outcome(() => new Reader(hexToBytes('030102')).varBytes(3))).toBe('truncated')
  })

  it('writes what it reads, within the same limits', () => {
    expect(written(writer => writer.varBytes(Uint8Array.of(1, 2), 2))).toBe('020102')
    expect(outcome(() => written(writer => writer.varBytes(Uint8Array.of(1, 2), 1)))).toBe('too-long')
    expect(written(writer => writer.count(300, 300))).toBe('fd2c01')
    expect(outcome(() => written(writer => writer.count(301, 300)))).toBe('too-many')
  })
})

test.each([-1, 1.5, Number.NaN, 2 ** 32, Number.POSITIVE_INFINITY])('the number %s has no form', value => {
  expect(outcome(() => new Writer().compactSize(value))).toBe('bad-value')
})

test('negative bigints and those above 64 bits have no form', () => {
  expect(outcome(() => new Writer().compactSize64(-1n))).toBe('bad-value')
  expect(outcome(() => new Writer().compactSize64(2n ** 64n))).toBe('bad-value')
})

test('every 64-bit value survives', () => {
  fc.assert(
    fc.property(u64, fc.nat(63), (value, shift) => {
      const small = value >> BigInt(shift)
      expect(read64(written(writer => writer.compactSize64(small)))).toBe(small)
    }),
  )
})

describeVectors('wire/compactsize.json', () => {
  interface Vectors {
    readonly canonical: readonly { value: string; encoding: string; withinCoreMaxSize: boolean }[]
    readonly nonCanonical: readonly string[]
    readonly truncated: readonly string[]
  }
  const vectors = vectorJson<Vectors>('wire/compactsize.json', {
    canonical: [],
    nonCanonical: [],
    truncated: [],
  })

  it.each(vectors.canonical)('$value is $encoding', ({ value, encoding, withinCoreMaxSize }) => {
    expect(read64(encoding)).toBe(BigInt(value))
    expect(written(writer => writer.compactSize64(BigInt(value)))).toBe(encoding)
    expect(outcome(() => read(encoding, MAX_SIZE))).toBe(withinCoreMaxSize ? 'ok' : 'too-long')
  })

  it.each(vectors.nonCanonical)('%s is refused', hex => {
    expect(outcome(() => read64(hex))).toBe('non-canonical-size')
    expect(outcome(() => read(hex))).toBe('non-canonical-size')
  })

  it.each(vectors.truncated)('"%s" is truncated', hex => {
    expect(outcome(() => read64(hex))).toBe('truncated')
    expect(outcome(() => read(hex))).toBe('truncated')
  })
})
