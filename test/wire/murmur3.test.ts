import { describe, expect, it } from 'vitest'
import { hexToBytes } from '../../src/wire/hex.js'
import { murmur3 } from '../../src/wire/murmur3.js'
import { describeVectors, vectorJson } from '../support/vectors.js'

interface Row {
  seed: number
  data: string
  hash: number
}

const rows: Row[] = [
  { seed: 0, data: '', hash: 0 },
  { seed: 0xfba4c795, data: '', hash: 0x6a396f08 },
  { seed: 0xffffffff, data: '', hash: 0x81f16f39 },
  { seed: 0, data: '00', hash: 0x514e28b7 },
  { seed: 0xfba4c795, data: '00', hash: 0xea3f0b17 },
  { seed: 0, data: '0011', hash: 0x16c6b7ab },
  { seed: 0, data: '001122', hash: 0x8eb51c3d },
  { seed: 0, data: '00112233', hash: 0xb4471bf8 },
  { seed: 0, data: '0011223344', hash: 0xe2301fa8 },
  { seed: 0, data: '001122334455667788', hash: 0xb4698def },
]

describe('murmur3', () => {
  it.each(rows)('of "$data" with seed $seed', ({ seed, data, hash }) => {
    expect(murmur3(seed, hexToBytes(data))).toBe(hash)
  })

  it('takes the seed modulo 2^32', () => {
    expect(murmur3(0x1_fba4_c795, hexToBytes('00'))).toBe(0xea3f0b17)
  })
})

describeVectors('murmur3 of Core', () => {
  it.each(vectorJson<Row[]>('bip37/murmur3.json', []))(
    'of "$data" with seed $seed',
    ({ seed, data, hash }) => {
      expect(murmur3(seed, hexToBytes(data))).toBe(hash)
    },
  )
})
