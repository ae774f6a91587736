import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError } from '../../src/wire/error.js'
import { hexToBytes } from '../../src/wire/hex.js'
import { TransactionScanner } from '../../src/wire/transaction-scanner.js'
import * as arbitraries from '../support/arbitraries.js'
import { mutate, seeded } from '../support/mutate.js'

/** What a scan comes to: where it ends and where the witness begins, or the fault and its place. */
type Outcome = { end: number; witness: number } | { code: string; offset: number | undefined }

/** BIP144 and Core's rules once more, step by step, each read on its own. */
function reference(bytes: Uint8Array, start: number): Outcome {
  let at = start
  const fault = (code: ConstructorParameters<typeof WireError>[0], offset = at): WireError =>
    new WireError(code, undefined, { offset })
  const skip = (length: number): void => {
    if (at + length > bytes.length) throw fault('truncated')
    at += length
  }
  const size = (): number => {
    const first = bytes[at]
    if (first === undefined) throw fault('truncated')
    if (first === 0xff) throw fault('too-long')
    const width = first < 0xfd ? 0 : first === 0xfd ? 2 : 4
    if (at + 1 + width > bytes.length) throw fault('truncated')
    const value = bytes.slice(at + 1, at + 1 + width).reduceRight((sum, byte) => sum * 256 + byte, 0)
    if (width > 0 && value < (width === 2 ? 0xfd : 0x1_0000)) throw fault('non-canonical-size')
    at += 1 + width
    return width === 0 ? first : value
  }
  const count = (least: number): number => {
    const before = at
    const items = size()
    if (items * least > bytes.length - at) throw fault('truncated', before)
    return items
  }
  const times = (items: number, each: () => void): void => {
    for (let i = 0; i < items; i += 1) each()
  }
  const input = (): void => {
    skip(36)
    skip(size() + 4)
  }
  const output = (): void => {
    skip(8)
    skip(size())
  }
  try {
    let witness = 0
    skip(4)
    let inputs = count(41)
    if (inputs > 0) {
      times(inputs, input)
      times(count(9), output)
    } else {
      const flagAt = at
      skip(1)
      if (bytes[flagAt] === 1) {
        inputs = count(41)
        times(inputs, input)
        times(count(9), output)
        witness = at
        let items = 0
        times(inputs, () => {
          const stack = count(1)
          items += stack
          times(stack, () => skip(size()))
        })
        if (items === 0) throw fault('bad-flag', flagAt)
      } else if (bytes[flagAt] !== 0) throw fault('bad-flag', flagAt)
    }
    skip(4)
    return { end: at, witness }
  } catch (error) {
    if (error instanceof WireError) return { code: error.code, offset: error.offset }
    throw error
  }
}

const scanned = (bytes: Uint8Array, start: number): Outcome => outcomeOf(new TransactionScanner(bytes, start))

function outcomeOf(scanner: TransactionScanner): Outcome {
  try {
    scanner.scan()
    return { end: scanner.offset, witness: scanner.witness }
  } catch (error) {
    if (error instanceof WireError) return { code: error.code, offset: error.offset }
    throw error
  }
}

function expectSame(bytes: Uint8Array, start = 0): void {
  expect(scanned(bytes, start)).toEqual(reference(bytes, start))
}

const repeated = (hex: string, count: number) => hex.repeat(count)
const input = (script: string) => `${'11'.repeat(36)}${script}ffffffff`
const output = (script: string) => `${'22'.repeat(8)}${script}`

describe('a scan', () => {
  it('comes to what the rules say, of whatever is a transaction or nearly one', () => {
    fc.assert(
      fc.property(arbitraries.transaction, fc.nat(), fc.nat({ max: 5 }), (tx, seed, start) => {
        const bytes = new Uint8Array(start + tx.bytes.length)
        bytes.set(tx.bytes, start)
        expectSame(bytes, start)
        expectSame(mutate(bytes, seeded(seed)), start)
      }),
      { numRuns: 2_000 },
    )
  })

  it('comes to what the rules say, of any bytes', () => {
    const small = fc.oneof(
      { weight: 3, arbitrary: fc.nat({ max: 3 }) },
      fc.constantFrom(0xfc, 0xfd, 0xfe, 0xff),
    )
    fc.assert(
      fc.property(fc.array(small, { maxLength: 120 }), bytes => {
        expectSame(Uint8Array.from(bytes))
      }),
      { numRuns: 2_000 },
    )
  })

  const plain = `02000000 01 ${input('00')} 01 ${output('00')} 00000000`
  const witness = `02000000 0001 01 ${input('00')} 01 ${output('00')} 01 02 abcd 00000000`
  const script = (size: string, length: number) => `${size}${'51'.repeat(length)}`
  const cases: readonly (readonly [string, string])[] = [
    ['without witness', plain],
    ['with witness', witness],
    ['with flags 0', '02000000 0000 00000000'],
    ['with flags 2', '02000000 0002 00000000'],
    ['with a script of 252', `02000000 01 ${input(script('fc', 252))} 01 ${output('00')} 00000000`],
    [
      'with scripts of 253',
      `02000000 01 ${input(script('fdfd00', 253))} 01 ${output(script('fdfd00', 253))} 00000000`,
    ],
    [
      'with a script of 252 in 3 bytes',
      `02000000 01 ${input(script('fdfc00', 252))} 01 ${output('00')} 00000000`,
    ],
    [
      'with a script of 65,536',
      `02000000 01 ${input(script('fe00000100', 65_536))} 01 ${output('00')} 00000000`,
    ],
    ['with a script of 65,535 in 5 bytes', `02000000 01 ${input(script('feffff0000', 65_535))} 00 00000000`],
    ['with a size of 9 bytes', `02000000 01 ${input('ff0100000000000000')} 00 00000000`],
    ['with 252 inputs', `02000000 fc ${repeated(input('00'), 252)} 00 00000000`],
    ['with 253 inputs', `02000000 fdfd00 ${repeated(input('00'), 253)} 00 00000000`],
    ['with 252 outputs', `02000000 01 ${input('00')} fc ${repeated(output('00'), 252)} 00000000`],
    ['with 253 outputs', `02000000 01 ${input('00')} fdfd00 ${repeated(output('00'), 253)} 00000000`],
    ['with a stack of 252', `02000000 0001 01 ${input('00')} 00 fc ${repeated('00', 252)} 00000000`],
    ['with a stack of 253', `02000000 0001 01 ${input('00')} 00 fdfd00 ${repeated('00', 253)} 00000000`],
    ['with empty stacks', `02000000 0001 02 ${repeated(input('00'), 2)} 00 0000 00000000`],
    ['with one empty stack', `02000000 0001 02 ${repeated(input('00'), 2)} 00 000100 00000000`],
    ['with a witness and no input', '02000000 0001 00 00 00000000'],
  ]

  it.each(cases)('comes to what the rules say %s, however much of it is there', (_, text) => {
    const bytes = hexToBytes(text.replaceAll(' ', ''))
    expectSame(bytes)
    const step = Math.max(1, bytes.length >>> 9)
    for (let end = 0; end < bytes.length; end += step) expectSame(bytes.subarray(0, end))
    for (let end = Math.max(0, bytes.length - 9); end < bytes.length; end += 1)
      expectSame(bytes.subarray(0, end))
  })

  it('reads nothing behind the end that it is given, and counts from the start that it is given', () => {
    fc.assert(
      fc.property(arbitraries.transaction, fc.nat(), fc.nat({ max: 40 }), (tx, seed, behind) => {
        const payload = mutate(tx.bytes, seeded(seed))
        // What is behind could be more of the transaction.
        const bytes = new Uint8Array(7 + payload.length + behind)
        bytes.set(payload, 7)
        bytes.set(tx.bytes.subarray(0, behind), 7 + payload.length)
        const expected = reference(payload, 0)
        const scanner = new TransactionScanner(bytes, 7, 'tx', 7, 7 + payload.length)
        const found = outcomeOf(scanner)
        expect(found).toEqual(
          'end' in expected
            ? { end: expected.end + 7, witness: expected.witness && expected.witness + 7 }
            : expected,
        )
      }),
      { numRuns: 1_000 },
    )
    for (const [, text] of cases) {
      const whole = hexToBytes(text.replaceAll(' ', ''))
      const scanner = new TransactionScanner(whole, 0, 'tx', 0, whole.length - 1)
      expect(outcomeOf(scanner)).toEqual(reference(whole.subarray(0, whole.length - 1), 0))
    }
  })

  it('ends inside longer bytes', () => {
    for (const [, text] of cases) expectSame(hexToBytes(`ee${text.replaceAll(' ', '')}0000`), 1)
  })
})
