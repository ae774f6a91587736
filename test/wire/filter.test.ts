import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { WireError } from '../../src/wire/error.js'
import { BlockFilter, filterHeader, reduceHash } from '../../src/wire/filter.js'
import { sha256d, zeroHash } from '../../src/wire/hash.js'
import { bytesToHex, fromHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import { block as anyBlock, hash } from '../support/arbitraries.js'
import { mutate, seeded } from '../support/mutate.js'
import { sampleBlock, sampleCoinbase, sampleTransaction } from '../support/samples.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const genesis = fromHex('000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943')
const genesisKey =
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f'
const genesisScript = hexToBytes(`41${genesisKey}ac`)

describe('reduceHash', () => {
  const reference = (high: number, low: number, range: number) =>
    Number((((BigInt(high) << 32n) | BigInt(low)) * BigInt(range)) >> 64n)
  const word = fc.oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.constantFrom(0, 0xffff, 0x8000_0000, 0xffff_ffff),
  )
  const count = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 0xffff_ffff }))

  it('is the upper half of the 128-bit product, for as many elements as a filter can have', () => {
    fc.assert(
      fc.property(word, word, count, (high, low, elements) => {
        const range = elements * 784_931
        expect(reduceHash(high, low, range)).toBe(reference(high, low, range))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is exact at the top', () => {
    const range = 0xffff_ffff * 784_931
    expect(reduceHash(0xffff_ffff, 0xffff_ffff, range)).toBe(range - 1)
  })
})

describe('BlockFilter', () => {
  it('of the first testnet block is the known one', () => {
    const filter = BlockFilter.fromElements(genesis, [genesisScript])
    expect(bytesToHex(filter.bytes)).toBe('019dfca8')
    expect(toHex(filter.header(zeroHash))).toBe(
      '21584579b7eb08997773e5aeff3a7f932700042d0ed2a6129012b7d7ae81b750',
    )
    expect(filter.match(genesisScript)).toBe(true)
    expect(filter.match(genesisScript.subarray(1))).toBe(false)
  })

  it('of nothing is one zero byte and matches nothing', () => {
    for (const filter of [
      BlockFilter.fromElements(genesis, []),
      BlockFilter.decode(genesis, Uint8Array.of(0)),
    ]) {
      expect(filter.bytes).toEqual(Uint8Array.of(0))
      expect(filter.count).toBe(0)
      expect(filter.match(genesisScript)).toBe(false)
      expect(filter.matchAny([genesisScript, new Uint8Array(0)])).toBe(false)
    }
  })

  it('counts each element once', () => {
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)]
    const filter = BlockFilter.fromElements(genesis, [a, b, a.slice(), b, a])
    expect(filter.count).toBe(2)
    expect(filter.bytes).toEqual(BlockFilter.fromElements(genesis, [b, a]).bytes)
  })

  it('survives the wire and matches every element, in any order of these', () => {
    fc.assert(
      fc.property(
        hash,
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 400 }),
        (blockHash, elements) => {
          const filter = BlockFilter.fromElements(blockHash, elements)
          const decoded = BlockFilter.decode(blockHash, filter.bytes)
          expect(decoded.count).toBe(new Set(elements.map(bytesToHex)).size)
          expect(elements.every(element => filter.match(element) && decoded.match(element))).toBe(true)
          expect(BlockFilter.fromElements(blockHash, elements.toReversed()).bytes).toEqual(filter.bytes)
        },
      ),
    )
  })

  it('has a count of three bytes from 253 elements on', () => {
    const elements = Array.from({ length: 253 }, (_, n) => Uint8Array.of(n, 1))
    const { bytes } = BlockFilter.fromElements(genesis, elements)
    expect([...bytes.subarray(0, 3)]).toEqual([0xfd, 253, 0])
    expect(BlockFilter.decode(genesis, bytes).count).toBe(253)
  })

  it('errs about once in 784,931', () => {
    const pick = seeded(158)
    const random = () => Uint8Array.from({ length: 12 }, () => pick(256))
    const filter = BlockFilter.fromElements(genesis, Array.from({ length: 3_000 }, random))
    let wrong = 0
    for (let i = 0; i < 50_000; i += 1) if (filter.match(random())) wrong += 1
    expect(wrong).toBeLessThan(4)
  })

  it('is keyed by the block hash', () => {
    const filter = BlockFilter.fromElements(genesis, [genesisScript])
    expect(BlockFilter.decode(zeroHash, filter.bytes).match(genesisScript)).toBe(false)
    expect(() => BlockFilter.decode(genesis.subarray(1), filter.bytes)).toThrow(TypeError)
  })

  describe('decoded, whatever else is decoded', () => {
    const numbered = (number: number) => Uint8Array.of(number, number >>> 8, number >>> 16, 7)
    const of = (from: number, count: number) => {
      const elements = Array.from({ length: count }, (_, i) => numbered(from + i))
      return BlockFilter.decode(genesis, BlockFilter.fromElements(genesis, elements).bytes)
    }
    const matched = (filter: BlockFilter, count: number) =>
      Array.from({ length: count }, (_, i) => i).filter(i => filter.match(numbered(i)))

    it('answers for its own elements', () => {
      const filters = [0, 100, 200].map(from => of(from, 100))
      for (const [index, filter] of filters.entries()) {
        expect(outcome(() => BlockFilter.decode(genesis, Uint8Array.of(9, 1, 2)))).toBe('truncated')
        expect(matched(filter, 300)).toEqual(Array.from({ length: 100 }, (_, i) => 100 * index + i))
        expect(filter.matchAny([numbered(100 * index + 50)])).toBe(true)
        expect(filter.matchAny([numbered((100 * index + 150) % 300)])).toBe(false)
      }
      const last = of(300, 10)
      expect(
        outcome(() => BlockFilter.decode(genesis, Uint8Array.of(2, 0, 0, 0, 0xff, 0xff, 0xff))),
      ).not.toBe('ok')
      expect(last.match(numbered(305))).toBe(true)
      expect(last.match(numbered(5))).toBe(false)
    })

    it.each([32_767, 32_768, 32_769])('has %i elements', count => {
      const filter = of(0, count)
      expect(filter.count).toBe(count)
      const other = of(count, 10)
      for (const number of [0, 1, count - 1]) expect(filter.match(numbered(number))).toBe(true)
      expect(filter.matchAny([numbered(count), numbered(count + 1)])).toBe(false)
      expect(other.match(numbered(count))).toBe(true)
    })

    it('of one element is matched among many, first and last', () => {
      const filter = of(7, 1)
      const others = Array.from({ length: 500 }, (_, i) => numbered(1_000 + i))
      expect(filter.matchAny(others)).toBe(false)
      expect(filter.matchAny([numbered(7), ...others])).toBe(true)
      expect(filter.matchAny([...others, numbered(7)])).toBe(true)
    })

    it('matches any of so many that it sieves them, as it matches each', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(200), fc.integer(), (count, foreign, seed) => {
          const pick = seeded(seed)
          const filter = of(0, count)
          const others = Array.from({ length: foreign }, (_, i) => numbered(10_000 + i))
          expect(filter.matchAny(others)).toBe(others.some(script => filter.match(script)))
          others.splice(pick(foreign + 1), 0, numbered(pick(count)))
          expect(filter.matchAny(others)).toBe(true)
        }),
        { numRuns: 60 },
      )
    })

    it('matches by scripts whose iteration asks other filters', () => {
      const filter = of(0, 300)
      function* scripts(last: number): Generator<Uint8Array> {
        for (let i = 0; i < 100; i += 1) {
          const other = of(1_000 + i, 200)
          const foreign = Array.from({ length: 50 }, (_, j) => numbered(5_000 + j))
          expect(other.matchAny(foreign)).toBe(false)
          expect(other.match(numbered(1_000 + i))).toBe(true)
          yield numbered(2_000 + i)
        }
        yield numbered(last)
      }
      expect(filter.matchAny(scripts(299))).toBe(true)
      expect(filter.matchAny(scripts(300))).toBe(false)
    })

    it('matches nothing by values beyond what hashes can come to', () => {
      // Three elements whose quotients are as large as the bytes allow.
      const bytes = new Uint8Array(200).fill(0xff)
      bytes.set([3], 0)
      bytes.set([0x7f, 0xff, 0xf0, 0, 0, 0, 0, 0], 192)
      const filter = BlockFilter.decode(genesis, bytes)
      const scripts = Array.from({ length: 2_000 }, (_, i) => numbered(i))
      expect(filter.matchAny(scripts)).toBe(false)
    })
  })

  it('matches any of several', () => {
    const filter = BlockFilter.fromElements(genesis, [genesisScript])
    const others = [Uint8Array.of(1), Uint8Array.of(2)]
    expect(filter.matchAny([...others, genesisScript])).toBe(true)
    expect(filter.matchAny(others)).toBe(false)
    expect(filter.matchAny([])).toBe(false)
  })

  describe('fromBlock', () => {
    const script = (...bytes: number[]) => Uint8Array.from(bytes)

    it('takes output and spent scripts, but no empty ones and no OP_RETURN outputs', () => {
      const block = sampleBlock([
        sampleCoinbase([script(0x51), script(0x6a, 1, 9)]),
        sampleTransaction({ scripts: [script(), script(0x52)] }),
      ])
      const filter = BlockFilter.fromBlock(block, [script(0x53), script(), script(0x51)])
      expect(filter.count).toBe(3)
      expect(filter.bytes).toEqual(
        BlockFilter.fromElements(block.hash, [script(0x51), script(0x52), script(0x53)]).bytes,
      )
    })

    it('takes a spent script that starts with OP_RETURN, as Core does', () => {
      expect(BlockFilter.fromBlock(sampleBlock([sampleCoinbase()]), [script(0x6a)]).match(script(0x6a))).toBe(
        true,
      )
    })

    it('matches every script of any block', () => {
      fc.assert(
        fc.property(anyBlock, block => {
          const filter = BlockFilter.fromBlock(block, [])
          for (const tx of block.transactions) {
            for (const { scriptPubKey: one } of tx.outputs) {
              if (one.length > 0 && one[0] !== 0x6a) expect(filter.match(one)).toBe(true)
            }
          }
        }),
      )
    })
  })

  describe('decode', () => {
    it.each([
      ['nothing at all', '', 'truncated'],
      ['a size that is not in its shortest form', 'fd0100019dfca8', 'non-canonical-size'],
      ['2^32 elements', 'ff0000000001000000', 'too-long'],
      ['2^32 - 1 elements in a few bytes', 'feffffffff9dfca8', 'truncated'],
      ['a quotient without end', '01ffffff', 'truncated'],
      ['a remainder cut short', '01ff9dfc', 'truncated'],
      ['an element that is missing', '029dfca8', 'truncated'],
      ['a byte behind the last element', '019dfca800', 'trailing-bytes'],
      ['a byte behind an empty filter', '0000', 'trailing-bytes'],
    ])('refuses %s', (_, hex, code) => {
      expect(wireErrorOf(() => BlockFilter.decode(genesis, hexToBytes(hex))).code).toBe(code)
    })

    it('ignores the padding bits, as Core does', () => {
      expect(BlockFilter.decode(genesis, hexToBytes('019dfcaf')).match(genesisScript)).toBe(true)
    })

    it('throws nothing but WireError, whatever the bytes', () => {
      const pick = seeded(7)
      const whole = BlockFilter.fromElements(
        genesis,
        Array.from({ length: 300 }, (_, n) => Uint8Array.of(n, n >> 8)),
      ).bytes
      const outcomes = new Set<string>()
      for (let i = 0; i < 3_000; i += 1)
        outcomes.add(outcome(() => BlockFilter.decode(genesis, mutate(whole, pick))))
      expect(outcomes).toContain('ok')
      expect(outcomes).toContain('truncated')
      expect(outcomes).toContain('trailing-bytes')
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
          try {
            expect(BlockFilter.decode(genesis, bytes).bytes).toBe(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(WireError)
          }
        }),
      )
    })
  })
})

describe('filterHeader', () => {
  it('is SHA256d of the filter hash and the header before it', () => {
    const filter = BlockFilter.fromElements(genesis, [genesisScript])
    const previous = new Uint8Array(32).fill(3)
    expect(filter.hash).toEqual(sha256d(filter.bytes))
    expect(filterHeader(filter.hash, previous)).toEqual(
      sha256d(Uint8Array.from([...filter.hash, ...previous])),
    )
    expect(filter.header(previous)).toEqual(filterHeader(filter.hash, previous))
  })
})

type Row = [
  height: number,
  hash: string,
  block: string,
  spent: string[],
  previousHeader: string,
  filter: string,
  header: string,
  notes: string,
]

describeVectors('the filters of BIP158', () => {
  const [, ...rows] = vectorJson<[unknown, ...Row[]]>('bip158/testnet-19.json', [undefined])

  it('are all there', () => {
    expect(rows).toHaveLength(10)
  })

  it.each(rows)('of testnet block %i', (_, blockHash, blockHex, spentHex, previous, filterHex, header) => {
    const block = Block.decode(hexToBytes(blockHex))
    expect(toHex(block.hash)).toBe(blockHash)
    const spent = spentHex.map(hexToBytes)
    const filter = BlockFilter.fromBlock(block, spent)
    expect(bytesToHex(filter.bytes)).toBe(filterHex)
    expect(toHex(filter.header(fromHex(previous)))).toBe(header)
    const decoded = BlockFilter.decode(block.hash, hexToBytes(filterHex))
    expect(decoded.count).toBe(filter.count)
    const scripts = [
      ...spent,
      ...Array.from(block.transactions).flatMap(tx => tx.outputs.map(({ scriptPubKey }) => scriptPubKey)),
    ].filter(script => script.length > 0 && script[0] !== 0x6a)
    expect(scripts.map(script => decoded.match(script))).toEqual(scripts.map(() => true))
    expect(decoded.match(hexToBytes('deadbeef'))).toBe(false)
  })
})
