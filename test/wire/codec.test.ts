import { describe, expect, it, test } from 'vitest'
import type { Codec } from '../../src/wire/codec.js'
import * as codecs from '../../src/wire/codec.js'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { ListView } from '../../src/wire/list.js'
import { outcome, wireErrorOf } from '../support/wire.js'

interface Row<T> {
  readonly name: string
  readonly codec: Codec<T>
  /** Value, its encoding, its plain form. */
  readonly good: readonly (readonly [T, string, codecs.Plain])[]
  /** Values that have no encoding. */
  readonly badValues: readonly T[]
  /** Encodings of no value. */
  readonly badBytes: readonly (readonly [string, string])[]
}

/** Checks a codec against a table: every later codec can be checked with one call. */
function checked<T>({ name, codec, good, badValues, badBytes }: Row<T>): void {
  describe(name, () => {
    it.each(good)('%o is %s', (value, hex, plain) => {
      const writer = new Writer()
      codec.encode(writer, value)
      expect(bytesToHex(writer.finish())).toBe(hex)
      const reader = new Reader(hexToBytes(hex))
      const decoded = codec.decode(reader)
      expect(decoded).toEqual(value)
      expect(reader.remaining).toBe(0)
      expect(codec.plain(decoded, {})).toEqual(plain)
      expect(hex.length / 2).toBeGreaterThanOrEqual(codec.minSize)
    })

    it.runIf(good.length > 0)('every shortened encoding is truncated', () => {
      for (const [, hex] of good) {
        for (let cut = 0; cut < hex.length / 2; cut += 1) {
          expect(outcome(() => codec.decode(new Reader(hexToBytes(hex.slice(0, 2 * cut)))))).toBe('truncated')
        }
      }
    })

    it.runIf(badValues.length > 0).each(badValues.map(value => [value]))('%s cannot be written', value => {
      expect(['bad-value', 'too-long', 'too-many']).toContain(
        outcome(() => codec.encode(new Writer(), value)),
      )
    })

    it.runIf(badBytes.length > 0).each(badBytes)('%s is %s', (hex, code) => {
      expect(outcome(() => codec.decode(new Reader(hexToBytes(hex))))).toBe(code)
    })
  })
}

checked<number>({
  name: 'u8',
  codec: codecs.u8,
  good: [
    [0, '00', 0],
    [255, 'ff', 255],
  ],
  badValues: [-1, 256, 0.5, Number.NaN],
  badBytes: [],
})
checked<number>({
  name: 'u16',
  codec: codecs.u16,
  good: [
    [0x0102, '0201', 0x0102],
    [0xffff, 'ffff', 0xffff],
  ],
  badValues: [-1, 0x1_0000],
  badBytes: [],
})
checked<number>({
  name: 'u32',
  codec: codecs.u32,
  good: [
    [0x01020304, '04030201', 0x01020304],
    [0xffff_ffff, 'ffffffff', 0xffff_ffff],
  ],
  badValues: [-1, 2 ** 32, Number.POSITIVE_INFINITY],
  badBytes: [],
})
checked<number>({
  name: 'i32',
  codec: codecs.i32,
  good: [
    [-1, 'ffffffff', -1],
    [-0x8000_0000, '00000080', -0x8000_0000],
    [0x7fff_ffff, 'ffffff7f', 0x7fff_ffff],
  ],
  badValues: [0x8000_0000, -0x8000_0001],
  badBytes: [],
})
checked<bigint>({
  name: 'u64',
  codec: codecs.u64,
  good: [
    [0x0102030405060708n, '0807060504030201', '72623859790382856'],
    [2n ** 64n - 1n, 'ffffffffffffffff', '18446744073709551615'],
  ],
  badValues: [-1n, 2n ** 64n],
  badBytes: [],
})
checked<bigint>({
  name: 'i64',
  codec: codecs.i64,
  good: [
    [-1n, 'ffffffffffffffff', '-1'],
    [-(2n ** 63n), '0000000000000080', '-9223372036854775808'],
    [2n ** 63n - 1n, 'ffffffffffffff7f', '9223372036854775807'],
  ],
  badValues: [2n ** 63n, -(2n ** 63n) - 1n],
  badBytes: [],
})
checked<number>({
  name: 'compactSize',
  codec: codecs.compactSize,
  good: [
    [0, '00', 0],
    [253, 'fdfd00', 253],
    [0xffff_ffff, 'feffffffff', 0xffff_ffff],
  ],
  badValues: [-1, 2 ** 32],
  badBytes: [
    ['fd0000', 'non-canonical-size'],
    ['ff0000000001000000', 'too-long'],
  ],
})
checked<boolean>({
  name: 'bool',
  codec: codecs.bool,
  good: [
    [false, '00', false],
    [true, '01', true],
  ],
  badValues: [],
  badBytes: [],
})
checked<Uint8Array>({
  name: 'fixedBytes(4)',
  codec: codecs.fixedBytes(4),
  good: [[Uint8Array.of(1, 2, 3, 4), '01020304', '01020304']],
  badValues: [new Uint8Array(3), new Uint8Array(5)],
  badBytes: [],
})
checked<Uint8Array>({
  name: 'hash',
  codec: codecs.hash,
  good: [[Uint8Array.from({ length: 32 }, (_, i) => i), hexRange(0, 32), hexRange(0, 32, true)]],
  badValues: [new Uint8Array(31), new Uint8Array(33)],
  badBytes: [],
})
checked<Uint8Array>({
  name: 'varBytes(3)',
  codec: codecs.varBytes(3),
  good: [
    [new Uint8Array(0), '00', ''],
    [Uint8Array.of(1, 2, 3), '03010203', '010203'],
  ],
  badValues: [new Uint8Array(4)],
  badBytes: [
    ['0401020304', 'too-long'],
    ['fd0100aa', 'non-canonical-size'],
  ],
})
checked<string>({
  name: 'varText(4)',
  codec: codecs.varText(4),
  good: [
    ['', '00', ''],
    ['abcd', '0461626364', 'abcd'],
    ['\u0000\u0080ÿ', '030080ff', '\u0000\u0080ÿ'],
  ],
  badValues: ['abcde', '€', '\u0100', '😀'],
  badBytes: [['056162636465', 'too-long']],
})
checked<codecs.ValueOf<ReturnType<typeof pairList>>>({
  name: 'list, at most 2',
  codec: pairList(),
  good: [
    [[], '00', []],
    [[[1], [2, 3]].map(bytes => Uint8Array.from(bytes)), '020101020203', ['01', '0203']],
  ],
  badValues: [[0, 0, 0].map(() => new Uint8Array(0))],
  badBytes: [
    ['03000000', 'too-many'],
    ['020105', 'truncated'],
    ['0104', 'truncated'],
    ['01050102030405', 'too-long'],
  ],
})
checked<{ readonly a: number; readonly b: Uint8Array }>({
  name: 'struct',
  codec: codecs.struct<{ readonly a: number; readonly b: Uint8Array }>({
    a: codecs.u16,
    b: codecs.varBytes(2),
  }),
  good: [[{ a: 1, b: Uint8Array.of(9) }, '01000109', { a: 1, b: '09' }]],
  badValues: [{ a: 0x1_0000, b: new Uint8Array(0) }],
  badBytes: [['010003000000', 'too-long']],
})

function pairList() {
  return codecs.list(codecs.varBytes(4), 2)
}

function hexRange(from: number, to: number, reversed = false): string {
  const bytes = Uint8Array.from({ length: to - from }, (_, i) => from + i)
  return bytesToHex(reversed ? bytes.reverse() : bytes)
}

test('any byte but 0 reads as true', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    expect(codecs.bool.decode(new Reader(Uint8Array.of(byte)))).toBe(byte !== 0)
  }
})

describe('minSize', () => {
  it('adds up in a struct and says what the shortest encoding takes', () => {
    expect(codecs.struct<{ a: number; b: bigint }>({ a: codecs.u16, b: codecs.u64 }).minSize).toBe(10)
    expect(codecs.varBytes().minSize).toBe(1)
    expect(codecs.since(2, codecs.u32, 0).minSize).toBe(0)
  })
})

describe('view', () => {
  const codec = codecs.view(codecs.fixedBytes(2), 3)
  const payload = hexToBytes('0301020304050607')

  it('reads items when asked, over the same memory', () => {
    const reader = new Reader(payload)
    const items = codec.decode(reader)
    expect(reader.offset).toBe(7)
    expect(items.length).toBe(3)
    expect(items.at(1)).toEqual(Uint8Array.of(3, 4))
    expect(items.at(1)?.buffer).toBe(payload.buffer)
    expect(codec.plain(items, {})).toEqual(['0102', '0304', '0506'])
  })

  it.each([
    ['04', 'too-many'],
    ['0301020304', 'truncated'],
    ['03', 'truncated'],
    ['fd0300', 'non-canonical-size'],
  ])('%s is %s', (hex, code) => {
    expect(wireErrorOf(() => codec.decode(new Reader(hexToBytes(hex))))).toMatchObject({ code, offset: 0 })
  })

  it('writes arrays and views alike', () => {
    for (const value of [
      [Uint8Array.of(1, 2), Uint8Array.of(3, 4)],
      codec.decode(new Reader(hexToBytes('0201020304'))),
    ]) {
      const writer = new Writer()
      codec.encode(writer, value)
      expect(bytesToHex(writer.finish())).toBe('0201020304')
    }
  })
})

describe('ListView', () => {
  const array = ['a', 'b', 'c']
  const list = new ListView(3, i => array[i]!)

  it('answers as an array does', () => {
    for (let i = -5; i < 6; i += 1) expect(list.at(i)).toBe(array.at(i))
    expect([...list]).toEqual(array)
    expect([...new ListView(0, () => 'never')]).toEqual([])
  })

  it('makes an item only when it is asked for', () => {
    const asked: number[] = []
    const lazy = new ListView(1_000, i => asked.push(i))
    for (const _ of lazy) if (asked.length === 2) break
    lazy.at(-1)
    lazy.at(1_000)
    expect(asked).toEqual([0, 1, 999])
  })
})

describe('since', () => {
  const codec = codecs.since(100, codecs.u16, 7)

  it.each([
    [99, '', 7],
    [100, '0500', 5],
    [101, '0500', 5],
  ])('at version %i', (protocolVersion, hex, value) => {
    const writer = new Writer({ protocolVersion })
    codec.encode(writer, 5)
    expect(bytesToHex(writer.finish())).toBe(hex)
    expect(codec.decode(new Reader(hexToBytes(hex), { protocolVersion }))).toBe(value)
  })
})

describe('plain forms with limits', () => {
  it('shortens long byte strings only', () => {
    expect(codecs.plainBytes(new Uint8Array(40), { maxBytes: 40 })).toBe('00'.repeat(40))
    expect(codecs.plainBytes(new Uint8Array(41).fill(1), { maxBytes: 40 })).toEqual({
      length: 41,
      start: '01'.repeat(32),
    })
  })

  it('shortens long lists only', () => {
    const numbers = [1, 2, 3, 4, 5, 6, 7]
    expect(codecs.plainList(numbers, { maxItems: 7 }, n => n)).toEqual(numbers)
    expect(codecs.plainList(numbers, { maxItems: 6 }, n => n)).toEqual({ length: 7, first: [1, 2, 3, 4, 5] })
  })
})

describe('the cursor', () => {
  it('counts what is left and refuses to go further', () => {
    const reader = new Reader(hexToBytes('0102030405'), { command: 'ping' })
    expect(reader.u16be()).toBe(0x0102)
    expect(reader.remaining).toBe(3)
    expect(wireErrorOf(() => reader.u32())).toMatchObject({
      code: 'truncated',
      command: 'ping',
      offset: 2,
      message: '4 bytes wanted, 3 left in ping at byte 2',
    })
    expect(wireErrorOf(() => reader.end())).toMatchObject({ code: 'trailing-bytes', offset: 2 })
    expect(reader.rest()).toEqual(Uint8Array.of(3, 4, 5))
    expect(outcome(() => reader.end())).toBe('ok')
  })

  it('reads views at their place in the buffer', () => {
    const whole = hexToBytes('ffffffff0100000000000000ffff')
    expect(new Reader(whole.subarray(4, 12)).u64()).toBe(1n)
    expect(outcome(() => new Reader(whole.subarray(4, 11)).u64())).toBe('truncated')
  })

  it.each<[string, (writer: Writer) => void, string]>([
    ['u8', writer => writer.u8(1), '01'],
    ['u16', writer => writer.u16(1), '0100'],
    ['u16be', writer => writer.u16be(1), '0001'],
    ['u32', writer => writer.u32(1), '01000000'],
    ['i32', writer => writer.i32(-2), 'feffffff'],
    ['u64', writer => writer.u64(1n), '0100000000000000'],
    ['i64', writer => writer.i64(-2n), 'feffffffffffffff'],
    ['raw', writer => writer.raw(Uint8Array.of(1, 2)), '0102'],
    ['compactSize', writer => writer.compactSize(0x1_0000), 'fe00000100'],
    ['compactSize64', writer => writer.compactSize64(2n ** 32n), 'ff0000000001000000'],
  ])('%s may be the write that makes the writer grow', (_, write, hex) => {
    for (let before = 0; before < 300; before += 1) {
      const writer = new Writer()
      writer.raw(new Uint8Array(before).fill(0xaa))
      write(writer)
      expect(bytesToHex(writer.finish())).toBe('aa'.repeat(before) + hex)
    }
  })

  it('grows the writer and keeps what was written', () => {
    const writer = new Writer()
    for (let i = 0; i < 1_000; i += 1) writer.u16be(i)
    writer.raw(new Uint8Array(5_000).fill(7))
    const bytes = writer.finish()
    expect(writer.length).toBe(7_000)
    expect(bytes.length).toBe(7_000)
    for (let i = 0; i < 1_000; i += 1) expect((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toBe(i)
    expect(bytes.subarray(2_000).every(byte => byte === 7)).toBe(true)
  })
})
