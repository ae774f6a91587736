import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  type CompactBlock,
  compactBlock,
  differentialIndexes,
  MAX_COMPACT_TRANSACTIONS,
  shortIdCodec,
} from '../../src/wire/compact.js'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { BlockHeader } from '../../src/wire/header.js'
import { bytesToHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import { decodeMessage, encodeMessage, messageTypes, toPlain } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { Transaction } from '../../src/wire/transaction.js'
import * as arbitraries from '../support/arbitraries.js'
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const header = bytesToHex(regtest.genesis.bytes)
const hash = '00'.repeat(31)
const blockHash = `${hash}01`
/** One input without a script, no output. */
const tx = `01000000${'01'}${'11'.repeat(32)}00000000${'00'}ffffffff${'00'}00000000`
const transaction = Transaction.decode(hexToBytes(tx))

describe('short ids', () => {
  it.each([
    ['000000000000', 0],
    ['010000000000', 1],
    ['000000800000', 0x8000_0000],
    ['000000000100', 2 ** 32],
    ['000000000080', 2 ** 47],
    ['ffffffffffff', 2 ** 48 - 1],
    ['e36b02a54c72', 125673511480291],
  ])('%s', (hex, id) => {
    expect(shortIdCodec.read(hexToBytes(`aa${hex}bb`), 1)).toBe(id)
    expect(shortIdCodec.decode(new Reader(hexToBytes(hex)))).toBe(id)
    const writer = new Writer()
    shortIdCodec.encode(writer, id)
    expect(bytesToHex(writer.finish())).toBe(hex)
    expect(shortIdCodec.plain(id, {})).toBe(bytesToHex(hexToBytes(hex).reverse()))
  })

  it.each([-1, 2 ** 48, 0.5, Number.NaN])('%s cannot be written', id => {
    expect(outcome(() => shortIdCodec.encode(new Writer(), id))).toBe('bad-value')
  })
})

describe('differential indexes', () => {
  const read = (hex: string) => Array.from(differentialIndexes.decode(new Reader(hexToBytes(hex))))
  const written = (indexes: readonly number[]) => {
    const writer = new Writer()
    differentialIndexes.encode(writer, indexes)
    return bytesToHex(writer.finish())
  }

  it.each<[string, number[]]>([
    ['00', []],
    ['0100', [0]],
    ['0105', [5]],
    ['0400000106', [0, 1, 3, 10]],
    ['03000000', [0, 1, 2]],
    ['02fdfd0000', [253, 254]],
    ['01fdffff', [65_535]],
    ['0200fdfeff', [0, 65_535]],
    ['02fdfeff00', [65_534, 65_535]],
  ])('%s', (hex, indexes) => {
    expect(read(hex)).toEqual(indexes)
    expect(written(indexes)).toBe(hex)
  })

  it.each([
    ['bad-value', '01fe00000100', 1],
    ['bad-value', '0200fdffff', 2],
    ['bad-value', '02fdffff00', 4],
    ['bad-value', '01feffffffff', 1],
    ['too-long', '01ff0000000001000000', 1],
    ['non-canonical-size', '01fd0500', 1],
    ['truncated', '0100'.slice(0, 2), 0],
    ['truncated', '', 0],
    ['too-many', 'fe01000100', 0],
  ])('%s: %s', (code, hex, offset) => {
    const error = wireErrorOf(() => read(hex))
    expect([error.code, error.offset]).toEqual([code, offset])
  })

  it.each([[[1, 1]], [[2, 1]], [[-1]], [[0.5]], [[65_536]], [[Number.NaN]]])(
    '%j cannot be written',
    indexes => {
      expect(outcome(() => written(indexes))).toBe('bad-value')
    },
  )

  it('asks for every transaction that has a place', () => {
    const all = Array.from({ length: 65_536 }, (_, i) => i)
    // The difference of lists as long as these takes minutes to print.
    const again = read(written(all))
    expect(again.length).toBe(65_536)
    expect(again.every((index, place) => index === place)).toBe(true)
    const payload = encodeMessage({ command: 'getblocktxn', blockHash: hexToBytes(blockHash), indexes: all })
    expect(payload.length).toBe(messageTypes.getblocktxn.maxLength(70_016))
    expect(outcome(() => written([...all, 65_536]))).toBe('too-many')
  })

  test('any ascending indexes survive', () => {
    fc.assert(
      fc.property(arbitraries.indexes, indexes => {
        expect(read(written(indexes))).toEqual(indexes)
      }),
    )
  })
})

describe('cmpctblock', () => {
  const payload = `${header}${'0807060504030201'}02${'010000000000'}${'ffffffffffff'}02${'00'}${tx}${'01'}${tx}`
  const value: CompactBlock = {
    header: regtest.genesis,
    nonce: 0x0102030405060708n,
    shortIds: [1, 2 ** 48 - 1],
    prefilled: [
      { index: 0, transaction },
      { index: 2, transaction },
    ],
  }

  it('bytes and value', () => {
    const message = decodeMessage('cmpctblock', hexToBytes(payload))
    expect(toPlain(message)).toEqual(toPlain({ command: 'cmpctblock', ...value }))
    expect(toPlain(message)).toMatchObject({
      header: { hash: toHex(regtest.genesis.hash) },
      nonce: '72623859790382856',
      shortIds: ['000000000001', 'ffffffffffff'],
      prefilled: [{ index: 0, transaction: { txid: toHex(transaction.txid) } }, { index: 2 }],
    })
    expect(bytesToHex(encodeMessage(message))).toBe(payload)
    expect(bytesToHex(encodeMessage({ command: 'cmpctblock', ...value }))).toBe(payload)
  })

  it('rows', () => {
    expect(messageTypes.cmpctblock).toMatchObject({ bips: [152], shortId: 4, minVersion: 70_014 })
    expect(messageTypes.getblocktxn).toMatchObject({ bips: [152], shortId: 10, minVersion: 70_014 })
    expect(messageTypes.blocktxn).toMatchObject({ bips: [152], shortId: 3, minVersion: 70_014 })
  })

  it.each([
    ['ok', `${header}${'00'.repeat(8)}0000`],
    ['truncated', `${header}${'00'.repeat(8)}00`],
    ['truncated', `${header}${'00'.repeat(8)}01${'00'.repeat(5)}`],
    ['truncated', payload.slice(0, -2)],
    ['trailing-bytes', `${payload}00`],
    ['too-many', `${header}${'00'.repeat(8)}fea1860100`],
    ['truncated', `${header}${'00'.repeat(8)}fea0860100`],
    ['bad-value', `${header}${'00'.repeat(8)}0001fe00000100${tx}`],
    ['bad-flag', `${header}${'00'.repeat(8)}000100${'01000000'}0002${'00'.repeat(8)}`],
  ])('%s: …%.60s', (code, bytes) => {
    expect(outcome(() => decodeMessage('cmpctblock', hexToBytes(bytes)))).toBe(code)
  })

  it('ids and transactions count together', () => {
    const full: CompactBlock = { ...value, shortIds: Array<number>(MAX_COMPACT_TRANSACTIONS - 2).fill(7) }
    const writer = new Writer()
    compactBlock.encode(writer, full)
    const bytes = writer.finish()
    expect(compactBlock.decode(new Reader(bytes)).shortIds.length).toBe(99_998)

    const over = { ...full, shortIds: [...full.shortIds, 7] }
    expect(outcome(() => compactBlock.encode(new Writer(), over))).toBe('too-many')
    // The same by hand: one id more, and the count in front says so.
    const more = new Uint8Array(bytes.length + 6)
    more.set(bytes.subarray(0, 93))
    more.set(bytes.subarray(93), 99)
    new DataView(more.buffer).setUint32(89, 99_999, true)
    expect(outcome(() => compactBlock.decode(new Reader(more)))).toBe('too-many')
  })

  it('is written without witness where asked', () => {
    const witness = Transaction.from({
      version: 2,
      inputs: [
        {
          outpoint: { txid: new Uint8Array(32), index: 0 },
          scriptSig: new Uint8Array(0),
          sequence: 0,
          witness: [Uint8Array.of(1)],
        },
      ],
      outputs: [],
      lockTime: 0,
    })
    const message = {
      command: 'cmpctblock' as const,
      ...value,
      prefilled: [{ index: 0, transaction: witness }],
    }
    const stripped = decodeMessage('cmpctblock', encodeMessage(message, { witness: false }))
    if (stripped.command !== 'cmpctblock') expect.fail(stripped.command)
    expect(stripped.prefilled.at(0)?.transaction.hasWitness).toBe(false)
    expect(bytesToHex(encodeMessage(message))).toContain(bytesToHex(witness.bytes))
  })
})

describe('getblocktxn and blocktxn', () => {
  it('getblocktxn', () => {
    const message = {
      command: 'getblocktxn' as const,
      blockHash: hexToBytes(blockHash),
      indexes: [0, 1, 3, 10],
    }
    expect(bytesToHex(encodeMessage(message))).toBe(`${blockHash}0400000106`)
    expect(decodeMessage('getblocktxn', hexToBytes(`${blockHash}0400000106`))).toEqual(message)
  })

  it('blocktxn', () => {
    const message = {
      command: 'blocktxn' as const,
      blockHash: hexToBytes(blockHash),
      transactions: [transaction],
    }
    expect(bytesToHex(encodeMessage(message))).toBe(`${blockHash}01${tx}`)
    const decoded = decodeMessage('blocktxn', hexToBytes(`${blockHash}01${tx}`))
    expect(toPlain(decoded)).toEqual(toPlain(message))
    expect(toPlain(decoded)).toMatchObject({ blockHash: `01${hash}`, transactions: [{ size: 51 }] })
  })

  it.each([
    ['unsupported-version', 'getblocktxn', `${blockHash}00`, 70_013],
    ['unsupported-version', 'blocktxn', `${blockHash}00`, 70_013],
    ['unsupported-version', 'cmpctblock', `${header}${'00'.repeat(8)}0000`, 70_013],
    ['ok', 'getblocktxn', `${blockHash}00`, 70_014],
    ['ok', 'blocktxn', `${blockHash}00`, 70_014],
    ['truncated', 'getblocktxn', blockHash, 70_014],
    ['truncated', 'blocktxn', blockHash.slice(2), 70_014],
    ['truncated', 'blocktxn', `${blockHash}02${tx}`, 70_014],
    ['trailing-bytes', 'blocktxn', `${blockHash}00${tx}`, 70_014],
    ['too-many', 'blocktxn', `${blockHash}fe01000100`, 70_014],
  ])('%s: %s %.70s', (code, command, payload, protocolVersion) => {
    expect(outcome(() => decodeMessage(command, hexToBytes(payload), { protocolVersion }))).toBe(code)
  })

  it('a hash has 32 bytes', () => {
    const blockHash = new Uint8Array(31)
    expect(outcome(() => encodeMessage({ command: 'getblocktxn', blockHash, indexes: [] }))).toBe('bad-value')
    expect(outcome(() => encodeMessage({ command: 'blocktxn', blockHash, transactions: [] }))).toBe(
      'bad-value',
    )
  })
})

describeVectors('compact blocks of others', () => {
  interface Row {
    readonly command: string
    readonly payload: string
    readonly fields: {
      readonly blockHash: string
      readonly nonce?: string
      readonly shortIds?: readonly string[]
      readonly prefilled?: readonly number[]
      readonly indexes?: readonly number[]
      readonly txids?: readonly string[]
    }
  }
  const { messages } = vectorJson<{ messages: readonly Row[] }>('wire/core_framework_messages.json', {
    messages: [],
  })
  const rows = messages.filter(({ command }) => ['cmpctblock', 'getblocktxn', 'blocktxn'].includes(command))

  it('has 5 of them', () => expect(rows.length).toBe(5))

  it.each(rows)('$command of the test framework of Core', ({ command, payload, fields }) => {
    const message = decodeMessage(command, hexToBytes(payload))
    expect(bytesToHex(encodeMessage(message))).toBe(payload)
    if (message.command === 'cmpctblock') {
      expect(toHex(message.header.hash)).toBe(fields.blockHash)
      expect(message.nonce).toBe(BigInt(fields.nonce ?? -1))
      expect(toPlain(message)['shortIds']).toEqual(fields.shortIds)
      expect(Array.from(message.prefilled, ({ index }) => index)).toEqual(fields.prefilled)
    } else if (message.command === 'getblocktxn') {
      expect(toHex(message.blockHash)).toBe(fields.blockHash)
      expect(Array.from(message.indexes)).toEqual(fields.indexes)
    } else if (message.command === 'blocktxn') {
      expect(toHex(message.blockHash)).toBe(fields.blockHash)
      expect(Array.from(message.transactions, each => toHex(each.txid))).toEqual(fields.txids)
    } else expect.fail(message.command)
  })

  it.each([
    ['mainnet_426884', 408, 1],
    ['testnet3_898352', undefined, 1],
  ])('%s', (name, ids, sent) => {
    const payload = vectorBytes(`bip152/cmpctblock_${name}.raw`)
    const message = decodeMessage('cmpctblock', payload)
    if (message.command !== 'cmpctblock') expect.fail(message.command)
    const header = new BlockHeader(vectorBytes(`blocks/${name}.raw`).subarray(0, 80))
    expect(message.header.bytes).toEqual(header.bytes)
    if (ids !== undefined) expect(message.shortIds.length).toBe(ids)
    expect(message.prefilled.length).toBe(sent)
    expect(message.prefilled.at(0)?.index).toBe(0)
    expect(encodeMessage(message)).toEqual(payload)
  })
})
