import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { zeroHash } from '../../src/wire/hash.js'
import { BlockHeader, type BlockHeaderFields, blockHeader, plainHeader } from '../../src/wire/header.js'
import { bytesToHex, fromHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import { header } from '../support/arbitraries.js'
import { wireErrorOf } from '../support/wire.js'

/** Block 1 of mainnet. */
const hex =
  '01000000' +
  '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000' +
  '982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e' +
  '61bc6649' +
  'ffff001d' +
  '01e36299'
const fields: BlockHeaderFields = {
  version: 1,
  previousBlock: fromHex('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'),
  merkleRoot: fromHex('0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098'),
  time: 1_231_469_665,
  bits: 0x1d00ffff,
  nonce: 2_573_394_689,
}
const hash = '00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048'

function fieldsOf({ version, previousBlock, merkleRoot, time, bits, nonce }: BlockHeader): BlockHeaderFields {
  return { version, previousBlock, merkleRoot, time, bits, nonce }
}

test('block 1 of mainnet, both ways', () => {
  const decoded = new BlockHeader(hexToBytes(hex))
  expect(fieldsOf(decoded)).toEqual(fields)
  expect(toHex(decoded.hash)).toBe(hash)
  expect(decoded.hash).toBe(decoded.hash)
  expect(bytesToHex(BlockHeader.from(fields).bytes)).toBe(hex)
})

test('the plain form shows what explorers show', () => {
  expect(plainHeader(BlockHeader.from(fields))).toEqual({
    hash,
    version: 1,
    previousBlock: toHex(fields.previousBlock),
    merkleRoot: toHex(fields.merkleRoot),
    time: fields.time,
    bits: fields.bits,
    nonce: fields.nonce,
  })
})

describe('borders', () => {
  it.each<[string, Partial<BlockHeaderFields>]>([
    ['the lowest', { version: -0x8000_0000, time: 0, bits: 0, nonce: 0 }],
    ['the highest', { version: 0x7fff_ffff, time: 0xffff_ffff, bits: 0xffff_ffff, nonce: 0xffff_ffff }],
  ])('%s values survive', (_, extreme) => {
    const all = { ...fields, ...extreme }
    expect(fieldsOf(BlockHeader.from(all))).toEqual(all)
  })

  it.each<[string, Partial<BlockHeaderFields>]>([
    ['version', { version: 0x8000_0000 }],
    ['time', { time: -1 }],
    ['bits', { bits: 2 ** 32 }],
    ['nonce', { nonce: 0.5 }],
    ['previousBlock', { previousBlock: zeroHash.subarray(1) }],
    ['merkleRoot', { merkleRoot: new Uint8Array(33) }],
  ])('%s out of range is refused', (_, bad) => {
    expect(wireErrorOf(() => BlockHeader.from({ ...fields, ...bad })).code).toBe('bad-value')
  })

  it.each([
    [0, 'truncated'],
    [79, 'truncated'],
    [81, 'trailing-bytes'],
  ])('%i bytes are %s', (length, code) => {
    expect(wireErrorOf(() => new BlockHeader(new Uint8Array(length))).code).toBe(code)
  })
})

test('the codec reads views and writes the bytes back', () => {
  const payload = hexToBytes(`aa${hex}bb`)
  const reader = new Reader(payload)
  reader.u8()
  const decoded = blockHeader.decode(reader)
  expect(reader.remaining).toBe(1)
  expect(decoded.bytes.buffer).toBe(payload.buffer)
  expect(toHex(blockHeader.read(payload, 1).hash)).toBe(hash)
  const writer = new Writer()
  blockHeader.encode(writer, decoded)
  expect(bytesToHex(writer.finish())).toBe(hex)
})

test('any header survives as fields', () => {
  fc.assert(
    fc.property(header, any => {
      expect(BlockHeader.from(fieldsOf(any)).bytes).toEqual(any.bytes)
    }),
  )
})
