import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { sha256d, zeroHash } from '../../src/wire/hash.js'
import { bytesToHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import {
  plainTransaction,
  Transaction,
  type TransactionFields,
  type TransactionInput,
  transaction,
} from '../../src/wire/transaction.js'
import * as arbitraries from '../support/arbitraries.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const ones = '11'.repeat(32)
const input = `${ones}0100000000ffffffff`
const output = 'e8030000000000000151'
const legacy = `0200000001${input}01${output}00000000`
const segwit = `02000000000101${input}01${output}0102aabb00000000`

/** The first transaction of mainnet. */
const coinbase =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054' +
  '696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420' +
  '666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61' +
  'deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000'

const fields: TransactionFields = {
  version: 2,
  inputs: [
    {
      outpoint: { txid: hexToBytes(ones), index: 1 },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_ffff,
      witness: [],
    },
  ],
  outputs: [{ value: 1_000n, scriptPubKey: Uint8Array.of(0x51) }],
  lockTime: 0,
}
const withWitness = (...stacks: TransactionInput['witness'][]): TransactionFields => ({
  ...fields,
  inputs: stacks.map(witness => ({ ...fields.inputs.at(0)!, witness })),
})

/** Everything of a transaction, read through its getters, as literals. */
function literal({ version, inputs, outputs, lockTime }: TransactionFields): TransactionFields {
  return {
    version,
    inputs: Array.from(inputs, ({ outpoint, scriptSig, sequence, witness }) => ({
      outpoint,
      scriptSig,
      sequence,
      witness: Array.from(witness),
    })),
    outputs: Array.from(outputs, ({ value, scriptPubKey }) => ({ value, scriptPubKey })),
    lockTime,
  }
}

const decoded = (hex: string) => Transaction.decode(hexToBytes(hex))
const idOf = (hex: string) => toHex(sha256d(hexToBytes(hex)))

describe('without witness', () => {
  it('is read and written', () => {
    expect(literal(decoded(legacy))).toEqual(fields)
    expect(bytesToHex(Transaction.from(fields).bytes)).toBe(legacy)
  })

  it('has one id, one size and one form', () => {
    const tx = decoded(legacy)
    expect(toHex(tx.txid)).toBe(idOf(legacy))
    expect(tx.wtxid).toEqual(tx.txid)
    expect(tx.hasWitness).toBe(false)
    expect(tx.strippedSize).toBe(61)
    expect(tx.weight).toBe(4 * 61)
    expect(tx.vsize).toBe(61)
    expect(bytesToHex(tx.stripped)).toBe(legacy)
  })
})

describe('with witness', () => {
  it('is read and written', () => {
    const expected = withWitness([Uint8Array.of(0xaa, 0xbb)])
    expect(literal(decoded(segwit))).toEqual(expected)
    expect(bytesToHex(Transaction.from(expected).bytes)).toBe(segwit)
  })

  it('has two ids, two sizes and two forms', () => {
    const tx = decoded(segwit)
    expect(tx.hasWitness).toBe(true)
    expect(bytesToHex(tx.stripped)).toBe(legacy)
    expect(toHex(tx.txid)).toBe(idOf(legacy))
    expect(toHex(tx.wtxid)).toBe(idOf(segwit))
    expect(tx.strippedSize).toBe(61)
    expect(tx.weight).toBe(3 * 61 + 67)
    expect(tx.vsize).toBe(63)
    expect(tx.txid).toBe(tx.txid)
    expect(tx.wtxid).toBe(tx.wtxid)
  })

  it('keeps the stacks with their inputs', () => {
    const stacks = [
      [],
      [Uint8Array.of(1), new Uint8Array(0), new Uint8Array(300).fill(7)],
      [],
      [Uint8Array.of(2)],
    ]
    const tx = Transaction.from(withWitness(...stacks))
    expect(tx.inputs.map(each => Array.from(each.witness))).toEqual(stacks)
    expect(literal(decoded(bytesToHex(tx.bytes)))).toEqual(withWitness(...stacks))
  })

  it('is stripped the same way where it is too long for the scratch buffer', () => {
    const long = { ...fields, outputs: [{ value: 1n, scriptPubKey: new Uint8Array(70_000).fill(0x6a) }] }
    const tx = Transaction.from({ ...long, inputs: withWitness([Uint8Array.of(1)]).inputs })
    expect(tx.txid).toEqual(Transaction.from(long).txid)
    expect(tx.wtxid).not.toEqual(tx.txid)
  })
})

test('the first coinbase of mainnet', () => {
  const tx = decoded(coinbase)
  expect(toHex(tx.txid)).toBe('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b')
  expect(tx.isCoinbase).toBe(true)
  expect(tx.outputs[0]!.value).toBe(50_0000_0000n)
  expect(new TextDecoder().decode(tx.inputs[0]!.scriptSig.subarray(8))).toBe(
    'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks',
  )
})

describe('isCoinbase', () => {
  const from = (...outpoints: TransactionInput['outpoint'][]) =>
    Transaction.from({
      ...fields,
      inputs: outpoints.map(outpoint => ({ ...fields.inputs.at(0)!, outpoint })),
    }).isCoinbase
  const nothing = { txid: zeroHash, index: 0xffff_ffff }

  it('asks for one input that spends nothing', () => {
    expect(from(nothing)).toBe(true)
    expect(from({ ...nothing, index: 0 })).toBe(false)
    expect(from({ ...nothing, txid: hexToBytes(ones) })).toBe(false)
    expect(from(nothing, nothing)).toBe(false)
    expect(decoded('02000000000000000000').isCoinbase).toBe(false)
  })
})

/** Core's outcome is ours, down to flag 0: it is the output count of a transaction without inputs. */
const edges: readonly [note: string, hex: string, outcome: string][] = [
  ['superfluous witness: every stack is empty', `02000000000101${input}01${output}0000000000`, 'bad-flag'],
  ['flag 2', `02000000000201${input}01${output}00000000`, 'bad-flag'],
  ['flags 3', `02000000000301${input}01${output}0101aa00000000`, 'bad-flag'],
  ['flag 0: no inputs and no outputs', '02000000000000000000', 'ok'],
  ['flag 1 without inputs', '020000000001000000000000', 'bad-flag'],
  ['outputs without inputs, read as marker and flag', `020000000001${output}00000000`, 'truncated'],
  ['no outputs', `0200000001${input}0000000000`, 'ok'],
  ['an empty item is a witness', `02000000000101${input}01${output}010000000000`, 'ok'],
  ['a trailing byte', `${legacy}00`, 'trailing-bytes'],
  ['an input count in three bytes', `02000000fd0100${input}01${output}00000000`, 'non-canonical-size'],
  ['an output count in three bytes', `0200000001${input}fd0100${output}00000000`, 'non-canonical-size'],
  [
    'a script length in five bytes',
    `0200000001${ones}01000000fe00000000ffffffff00000000`,
    'non-canonical-size',
  ],
  ['a script length in nine bytes', `0200000001${ones}01000000ff0000000001000000ffffffff00`, 'too-long'],
  ['a script longer than the rest', `0200000001${ones}01000000fdffffffffffff0000000000`, 'truncated'],
  ['more inputs than the rest can hold', `0200000002${input}01${output}00000000`, 'truncated'],
  ['four billion inputs', `02000000feffffffff${input}01${output}00000000`, 'truncated'],
  ['more outputs than the rest can hold', `0200000001${input}feffffffff${output}00000000`, 'truncated'],
  [
    'more witness items than the rest can hold',
    `02000000000101${input}01${output}feffffffff00000000`,
    'truncated',
  ],
]

test.each(edges)('%s', (_, hex, expected) => {
  expect(outcome(() => decoded(hex))).toBe(expected)
  if (expected === 'ok') expect(bytesToHex(Transaction.from(decoded(hex)).bytes)).toBe(hex)
})

test('a fault says where it is', () => {
  expect(wireErrorOf(() => decoded(edges[1]![1]))).toMatchObject({ command: 'tx', offset: 5 })
  expect(wireErrorOf(() => decoded(`${legacy}00`))).toMatchObject({ command: 'tx', offset: 61 })
  expect(wireErrorOf(() => decoded(edges[14]![1]))).toMatchObject({ command: 'tx', offset: 4 })
})

test('every shortened transaction is truncated', () => {
  for (const hex of [legacy, segwit, coinbase]) {
    for (let length = 0; length < hex.length / 2; length += 1) {
      expect(outcome(() => decoded(hex.slice(0, 2 * length)))).toBe('truncated')
    }
  }
})

describe('values', () => {
  it.each([
    0n,
    1n,
    0xffff_ffffn,
    0x1_0000_0000n,
    21_000_000_0000_0000n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 63n - 1n,
    -1n,
    -(2n ** 32n),
    -(2n ** 63n),
  ])('%s survives', value => {
    const tx = Transaction.from({ ...fields, outputs: [{ value, scriptPubKey: new Uint8Array(0) }] })
    expect(tx.outputs[0]!.value).toBe(value)
  })

  it('are signed or unsigned as the protocol says', () => {
    const tx = Transaction.from({ ...fields, version: -2, lockTime: 0xffff_ffff })
    expect(tx.version).toBe(-2)
    expect(tx.lockTime).toBe(0xffff_ffff)
  })
})

describe('from', () => {
  const first = fields.inputs.at(0)!
  it.each<[string, Partial<TransactionFields>]>([
    ['a version above 31 bits', { version: 2 ** 31 }],
    ['a lock time below 0', { lockTime: -1 }],
    ['a short txid', { inputs: [{ ...first, outpoint: { txid: new Uint8Array(31), index: 0 } }] }],
    ['an index above 32 bits', { inputs: [{ ...first, outpoint: { txid: zeroHash, index: 2 ** 32 } }] }],
    ['a sequence that is no integer', { inputs: [{ ...first, sequence: 0.5 }] }],
    ['a value above 63 bits', { outputs: [{ value: 2n ** 63n, scriptPubKey: new Uint8Array(0) }] }],
    ['outputs without inputs', { inputs: [] }],
  ])('refuses %s', (_, bad) => {
    expect(outcome(() => Transaction.from({ ...fields, ...bad }))).toBe('bad-value')
  })

  it('never lets outputs without inputs pass for the witness form of something else', () => {
    // The output count 1 is read as the flag, the value and script as one input, one output and a stack.
    const value = BigInt(`0x${'11'.repeat(7)}01`)
    const scriptPubKey = hexToBytes(`${'11'.repeat(24)}0100000000ffffffff01${output}0101aa`)
    const written = `0200000000010111111111111111${bytesToHex(Uint8Array.of(scriptPubKey.length))}${bytesToHex(scriptPubKey)}00000000`
    expect(decoded(written).inputs.length).toBe(1)
    const tx = { version: 2, inputs: [], outputs: [{ value, scriptPubKey }], lockTime: 0 }
    expect(outcome(() => Transaction.from(tx))).toBe('bad-value')
  })

  it('writes the empty transaction', () => {
    expect(bytesToHex(Transaction.from({ version: 2, inputs: [], outputs: [], lockTime: 0 }).bytes)).toBe(
      '02000000000000000000',
    )
  })
})

describe('the codec', () => {
  it('reads at its place in a payload, as a view, and writes either form', () => {
    const payload = hexToBytes(`ffff${segwit}${legacy}`)
    const reader = new Reader(payload)
    reader.u16()
    const [one, two] = [transaction.decode(reader), transaction.decode(reader)]
    expect(reader.remaining).toBe(0)
    expect(one.bytes.buffer).toBe(payload.buffer)
    expect(one.inputs[0]!.witness.at(0)).toEqual(Uint8Array.of(0xaa, 0xbb))
    expect(toHex(one.txid)).toBe(toHex(two.txid))
    for (const [witness, hex] of [
      [true, segwit],
      [false, legacy],
    ] as const) {
      const writer = new Writer({ witness })
      transaction.encode(writer, one)
      expect(bytesToHex(writer.finish())).toBe(hex)
    }
    expect(literal(one)).toEqual(literal(decoded(segwit)))
  })
})

test('the plain form', () => {
  expect(plainTransaction(decoded(segwit), {})).toEqual({
    txid: idOf(legacy),
    wtxid: idOf(segwit),
    size: 67,
    vsize: 63,
    weight: 250,
    version: 2,
    lockTime: 0,
    inputs: [{ outpoint: { txid: ones, index: 1 }, scriptSig: '', sequence: 0xffff_ffff, witness: ['aabb'] }],
    outputs: [{ value: '1000', scriptPubKey: '51' }],
  })
})

test('any transaction survives, as bytes and as fields', () => {
  fc.assert(
    fc.property(arbitraries.transaction, tx => {
      const again = Transaction.decode(tx.bytes)
      expect(Transaction.from(again).bytes).toEqual(tx.bytes)
      expect(Transaction.from(literal(again)).bytes).toEqual(tx.bytes)
      expect(sha256d(again.stripped)).toEqual(again.txid)
      expect(sha256d(again.bytes)).toEqual(again.wtxid)
      expect(Transaction.decode(again.stripped).txid).toEqual(again.txid)
      expect(again.stripped.length).toBe(again.strippedSize)
      expect(again.weight).toBe(3 * again.strippedSize + again.bytes.length)
      expect(again.hasWitness).toBe(again.inputs.some(each => each.witness.length > 0))
    }),
  )
})

describeVectors('tx/roundtrip.json', () => {
  interface Vector {
    readonly txid: string
    readonly wtxid: string
    readonly witness: boolean
    readonly inputs: number
    readonly outputs: number
    readonly weight: number
    readonly hex: string
  }
  interface EdgeCase {
    readonly hex: string
    readonly note: string
    readonly core: string
  }
  const { transactions, edgeCases } = vectorJson<{
    readonly transactions: readonly Vector[]
    readonly edgeCases: readonly EdgeCase[]
  }>('tx/roundtrip.json', { transactions: [], edgeCases: [] })

  it('has all 140 transactions and 13 edge cases', () => {
    expect([transactions.length, edgeCases.length]).toEqual([140, 13])
  })

  it.each(transactions)('$txid', ({ hex, txid, wtxid, witness, inputs, outputs, weight }) => {
    const tx = decoded(hex)
    expect({
      txid: toHex(tx.txid),
      wtxid: toHex(tx.wtxid),
      witness: tx.hasWitness,
      inputs: tx.inputs.length,
      outputs: tx.outputs.length,
      weight: tx.weight,
    }).toEqual({ txid, wtxid, witness, inputs, outputs, weight })
    expect(bytesToHex(tx.bytes)).toBe(hex)
    expect(bytesToHex(Transaction.from(tx).bytes)).toBe(hex)
  })

  // We decide as Core does in all 13, also where btcd differs (flag 0). One difference of form only: Core's decoder
  // leaves trailing bytes to its caller, ours names them, and a lenient decodeMessage lets them pass.
  it.each(edgeCases)('$note: Core says $core', ({ hex, core }) => {
    const code = outcome(() => decoded(hex))
    if (core === 'ok') expect(code).toBe('ok')
    else if (core.startsWith('ok+')) expect(code).toBe('trailing-bytes')
    else expect(['bad-flag', 'non-canonical-size', 'truncated']).toContain(code)
    const lenient = outcome(() => transaction.decode(new Reader(hexToBytes(hex))))
    expect(lenient === 'ok').toBe(core.startsWith('ok'))
  })
})

describe('a transaction in assertions', () => {
  it('equals another one of the same bytes, wherever they lie, and no other', () => {
    const inBlock = Transaction.at(hexToBytes(`ffff${segwit}ff`), 2, 2 + segwit.length / 2, 0)
    expect(decoded(segwit).bytes).toEqual(inBlock.bytes)
    expect(decoded(segwit)).toEqual(decoded(segwit))
    expect(decoded(segwit)).not.toEqual(decoded(legacy))
  })
})

describeVectors.each(['tx/tx_valid.json', 'tx/tx_invalid.json'])('%s', path => {
  const rows = vectorJson<readonly (readonly unknown[])[]>(path, [])
  const hexes = rows.flatMap(([, hex]) => (typeof hex === 'string' ? [hex] : []))

  it('decodes and writes back every one, valid by consensus or not', () => {
    expect(hexes.length).toBeGreaterThan(80)
    for (const hex of hexes) {
      expect(bytesToHex(Transaction.from(literal(decoded(hex))).bytes)).toBe(hex.toLowerCase())
    }
  })
})
