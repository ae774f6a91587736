import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { isBareMultisig, isOpReturn, isPayToPublicKey, scriptPushes } from '../../src/wire/script.js'

const key = (first: string, size: number) => first + '11'.repeat(size - 1)
const compressed = `21${key('02', 33)}`
const uncompressed = `41${key('04', 65)}`

describe('scriptPushes', () => {
  it.each([
    ['nothing', '', []],
    ['P2PKH', `76a914${'ab'.repeat(20)}88ac`, ['ab'.repeat(20)]],
    ['OP_PUSHDATA1', '4c02aabb51', ['aabb']],
    ['OP_PUSHDATA2', '4d0200aabb51', ['aabb']],
    ['OP_PUSHDATA4', '4e02000000aabb51', ['aabb']],
    ['a push of 75 bytes', `4b${'77'.repeat(75)}`, ['77'.repeat(75)]],
    ['pushes without data', '004c004d00004e0000000001aa', ['aa']],
    ['numbers as opcodes', '4f515260', []],
    ['what comes before a cut push', '01aa02bb', ['aa']],
    ['what comes before a cut length', '01aa4d01', ['aa']],
    ['what comes before a length without bytes', '01aa4c', ['aa']],
    ['what comes before a length of 4 GB', '01aa4effffffff00', ['aa']],
    ['what lies behind OP_RETURN', '6a02aabb', ['aabb']],
  ])('finds %s', (_, script, pushes) => {
    expect(Array.from(scriptPushes(hexToBytes(script)), bytesToHex)).toEqual(pushes)
  })

  it('finds the pushes of any script that is made of them, and never throws', () => {
    const push = fc.uint8Array({ minLength: 1, maxLength: 75 })
    fc.assert(
      fc.property(fc.array(push), fc.uint8Array(), (pushes, junk) => {
        const script = pushes.flatMap(data => [0x76, data.length, ...data])
        expect([...scriptPushes(Uint8Array.from(script))]).toEqual(pushes)
        expect([...scriptPushes(junk)].every(data => data.length > 0)).toBe(true)
      }),
    )
  })
})

describe('isOpReturn', () => {
  it.each([
    ['6a', true],
    ['6a4c', true],
    ['', false],
    ['516a', false],
  ])('of "%s" is %s', (script, expected) => {
    expect(isOpReturn(hexToBytes(script))).toBe(expected)
  })
})

describe('isPayToPublicKey', () => {
  it.each([
    ['a compressed key', `${compressed}ac`, true],
    ['the other compressed form', `21${key('03', 33)}ac`, true],
    ['an uncompressed key', `${uncompressed}ac`, true],
    ['a hybrid key', `41${key('06', 65)}ac`, true],
    ['the other hybrid form', `41${key('07', 65)}ac`, true],
    ['a key of the wrong size for its form', `21${key('04', 33)}ac`, false],
    ['a key of no form', `21${key('05', 33)}ac`, false],
    ['another operation', `${compressed}ad`, false],
    ['a push of another length', `20${key('02', 33)}ac`, false],
    ['something behind', `${compressed}acac`, false],
    ['P2PKH', `76a914${'ab'.repeat(20)}88ac`, false],
    ['nothing', '', false],
  ])('%s', (_, script, expected) => {
    expect(isPayToPublicKey(hexToBytes(script))).toBe(expected)
  })
})

describe('isBareMultisig', () => {
  const keys = (count: number) => compressed.repeat(count)

  it.each([
    ['1 of 1', `51${keys(1)}51ae`, true],
    ['2 of 3 with keys of both forms', `52${compressed}${uncompressed}${compressed}53ae`, true],
    ['16 of 16', `60${keys(16)}60ae`, true],
    ['17 of 20, as pushed numbers', `0111${keys(20)}0114ae`, true],
    ['1 of 21', `51${keys(21)}0115ae`, false],
    ['a pushed number that has an opcode', `0101${keys(1)}51ae`, false],
    ['0 of 1', `00${keys(1)}51ae`, false],
    ['1 of 0', '5100ae', false],
    ['2 of 1', `52${keys(1)}51ae`, false],
    ['1 of 2 with one key', `51${keys(1)}52ae`, false],
    ['1 of 1 with two keys', `51${keys(2)}51ae`, false],
    ['a push that is no key', `51${keys(1)}02aabb52ae`, false],
    ['OP_CHECKMULTISIGVERIFY', `51${keys(1)}51af`, false],
    ['something before the end', `51${keys(1)}5161ae`, false],
    ['a cut key that swallows the end', '5121ae', false],
    ['the operation alone', 'ae', false],
    ['nothing', '', false],
  ])('%s', (_, script, expected) => {
    expect(isBareMultisig(hexToBytes(script))).toBe(expected)
  })
})
