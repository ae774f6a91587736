import { describe, expect, it } from 'vitest'
import { HeaderChain } from '../../src/requests/header-chain.js'
import { RequestError, type RequestErrorCode } from '../../src/requests/request-error.js'
import { genesisBlock } from '../../src/testing/genesis.js'
import { mineBlock } from '../../src/testing/mining.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { sha256d } from '../../src/wire/hash.js'
import { BlockHeader } from '../../src/wire/header.js'
import { toHex } from '../../src/wire/hex.js'
import { ListView } from '../../src/wire/list.js'
import { regtest } from '../../src/wire/network.js'

const rules = { limit: regtest.powLimit }

/** Headers that follow `from`, with real work; a seed gives others, harder bits more work. */
function headersBehind(
  from: BlockHeader,
  count: number,
  seed: number,
  bits = from.bits,
): readonly BlockHeader[] {
  const random = seededRandom(seed)
  const headers: BlockHeader[] = []
  for (let last = from; headers.length < count; ) {
    const height = headers.length + 1
    const plan = { height, bits, time: last.time + 600, transactions: [], fees: 0n, random }
    last = mineBlock({ ...plan, previousBlock: last.hash }, rules).header
    headers.push(last)
  }
  return headers
}

const genesis = genesisBlock(regtest).header
const main = headersBehind(genesis, 20, 1)
const at = (height: number): BlockHeader => (height === 0 ? genesis : (main[height - 1] ?? genesis))
const fork = (height: number, count: number, bits?: number) =>
  headersBehind(at(height), count, 100 + height, bits)

/** A chain of 20 headers behind the first one. */
function chainOf20(): HeaderChain {
  const chain = new HeaderChain(regtest)
  chain.add(main)
  return chain
}

const same = (header: BlockHeader | undefined, other: BlockHeader | undefined) =>
  expect(header && toHex(header.hash)).toBe(other && toHex(other.hash))

function codeOf(run: () => unknown): RequestErrorCode | 'ok' {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (error instanceof RequestError) return error.code
    throw error
  }
}

describe('HeaderChain', () => {
  it('begins with the first block of its network', () => {
    const chain = new HeaderChain(regtest)
    expect(chain.height).toBe(0)
    same(chain.tip, genesis)
    same(chain.at(0), genesis)
    expect(chain.at(1)).toBeUndefined()
    expect(chain.heightOf(genesis.hash)).toBe(0)
    expect(chain.locator().map(toHex)).toEqual([toHex(genesis.hash)])
  })

  it('adds what follows the tip', () => {
    const chain = new HeaderChain(regtest)
    expect(chain.add(main.slice(0, 12))).toEqual({ added: 12, replaced: 0 })
    expect(chain.add(main.slice(12))).toEqual({ added: 8, replaced: 0 })
    expect(chain.height).toBe(20)
    same(chain.tip, at(20))
    for (const height of [0, 1, 12, 13, 20]) {
      same(chain.at(height), at(height))
      expect(chain.heightOf(at(height).hash)).toBe(height)
    }
  })

  it('adds nothing for nothing, nor for what it knows, and the rest of what it knows in part', () => {
    const chain = new HeaderChain(regtest)
    expect(chain.add([])).toEqual({ added: 0, replaced: 0 })
    chain.add(main.slice(0, 12))
    expect(chain.add(main.slice(3, 9))).toEqual({ added: 0, replaced: 0 })
    same(chain.tip, at(12))
    expect(chain.add(main.slice(3))).toEqual({ added: 8, replaced: 0 })
    same(chain.tip, at(20))
  })

  it('names its hashes for a locator: eleven steps of one, then doubling, the first block last', () => {
    const locator = chainOf20().locator().map(toHex)
    const heights = [20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 7, 3, 0]
    expect(locator).toEqual(heights.map(height => toHex(at(height).hash)))
  })

  it('follows a fork with more work, and forgets what it replaces', () => {
    const chain = chainOf20()
    const branch = fork(17, 4)
    expect(chain.add(branch)).toEqual({ added: 4, replaced: 3 })
    expect(chain.height).toBe(21)
    same(chain.tip, branch[3])
    same(chain.at(17), at(17))
    same(chain.at(18), branch[0])
    expect(chain.heightOf(at(18).hash)).toBeUndefined()
    expect(chain.heightOf(branch[0]?.hash ?? genesis.hash)).toBe(18)
    // And back again, when that has more.
    const back = [...main.slice(17), ...headersBehind(at(20), 2, 7)]
    expect(chain.add(back)).toEqual({ added: 5, replaced: 4 })
    expect(chain.height).toBe(22)
  })

  it('counts work, not headers', () => {
    const chain = chainOf20()
    // Half the target, twice the work: two weigh as much as four.
    expect(chain.add(fork(16, 2, 0x203f_ffff))).toMatchObject({ added: 0, replaced: 0 })
    expect(chain.add(fork(16, 3, 0x203f_ffff))).toEqual({ added: 3, replaced: 4 })
    expect(chain.height).toBe(19)
  })

  it.each([2, 3])('keeps what it has against a fork of %i headers that has no more work', count => {
    const chain = chainOf20()
    expect(chain.add(fork(17, count))).toMatchObject({
      added: 0,
      replaced: 0,
      branch: { work: BigInt(2 * count) },
    })
    same(chain.tip, at(20))
    same(chain.at(18), at(18))
  })

  it('knows its work', () => {
    const chain = chainOf20()
    // Two a header of regtest, four of half the target.
    expect(chain.work).toBe(42n)
    chain.add(fork(16, 3, 0x203f_ffff))
    expect(chain.work).toBe(34n + 12n)
    expect(new HeaderChain(regtest).work).toBe(2n)
  })

  it('counts a branch on from where it was left, and takes it when it has more work', () => {
    const chain = chainOf20()
    const branch = fork(15, 6)
    const { branch: first } = chain.add(branch.slice(0, 2))
    expect(first).toMatchObject({ work: 4n })
    const { branch: second, ...added } = chain.add(branch.slice(2, 5), first)
    expect(added).toEqual({ added: 0, replaced: 0 })
    expect(second?.headers.map(({ hash }) => toHex(hash))).toEqual(
      branch.slice(0, 5).map(({ hash }) => toHex(hash)),
    )
    // Nothing came, or something else: what was left is as it was, or is given up.
    expect(chain.add([], second)).toEqual({ added: 0, replaced: 0, branch: second })
    expect(chain.add(fork(18, 1), second)).toMatchObject({ branch: { work: 2n } })
    expect(chain.add(branch.slice(5), second)).toEqual({ added: 6, replaced: 5 })
    same(chain.tip, branch[5])
  })

  it('does not follow a branch that its own chain has left behind', () => {
    const chain = chainOf20()
    const beside = headersBehind(at(19), 1, 9)
    const { branch } = chain.add(beside)
    chain.add(fork(10, 12))
    expect(codeOf(() => chain.add(headersBehind(beside[0] ?? genesis, 1, 8), branch))).toBe('bad-answer')
  })

  it('keeps copies of a branch', () => {
    const chain = chainOf20()
    const payload = Uint8Array.from(fork(17, 2).flatMap(({ bytes }) => [...bytes]))
    const { branch } = chain.add(new ListView(2, i => new BlockHeader(payload.subarray(80 * i, 80 * i + 80))))
    payload.fill(0)
    expect(branch?.headers.map(({ bytes }) => bytes.buffer.byteLength)).toEqual([80, 80])
    same(branch?.headers[0], fork(17, 2)[0])
  })

  it('takes a fork that begins with what it knows', () => {
    const chain = chainOf20()
    // What is known does not count for it.
    expect(chain.add([...main.slice(10, 17), ...fork(17, 2)])).toMatchObject({
      added: 0,
      branch: { work: 4n },
    })
    expect(chain.add([...main.slice(14, 17), ...fork(17, 4)])).toEqual({ added: 4, replaced: 3 })
    expect(chain.height).toBe(21)
  })

  it.each<[string, () => readonly BlockHeader[]]>([
    ['follow nothing that it knows', () => headersBehind(fork(17, 1)[0] ?? genesis, 2, 5)],
    ['do not follow each other', () => [...headersBehind(at(20), 1, 5), ...fork(18, 1)]],
    ['are the first block itself', () => [genesis]],
  ])('says bad-answer to headers that %s, and stays as it is', (_, headers) => {
    const chain = chainOf20()
    expect(codeOf(() => chain.add(headers()))).toBe('bad-answer')
    expect(chain.height).toBe(20)
    same(chain.tip, at(20))
  })

  it.each([
    ['miss their target', genesis.bits, 0x80],
    ['have a target that the network does not allow', 0x2100_ffff, 0x00],
  ])('says bad-answer to headers that %s', (_, bits, highest) => {
    const chain = chainOf20()
    const [good] = headersBehind(at(20), 1, 5)
    let bad = good ?? genesis
    const { version, previousBlock, merkleRoot, time } = bad
    for (let nonce = 0; ; nonce += 1) {
      bad = BlockHeader.from({ version, previousBlock, merkleRoot, time, bits, nonce })
      if (((bad.hash[31] ?? 0) & 0x80) === highest) break
    }
    expect(codeOf(() => chain.add([bad]))).toBe('bad-answer')
    expect(codeOf(() => chain.add(good ? [good] : []))).toBe('ok')
    expect(chain.height).toBe(21)
  })

  it('asks a hash of one’s own for the work, and its own for names', () => {
    const asked: string[] = []
    const chain = new HeaderChain(regtest, {
      powHash: header => {
        asked.push(toHex(header.hash))
        return header.nonce === 77 ? new Uint8Array(32) : new Uint8Array(32).fill(0xff)
      },
    })
    const fields = { version: 1, merkleRoot: sha256d(genesis.bytes), time: 1, bits: genesis.bits }
    const good = BlockHeader.from({ ...fields, previousBlock: genesis.hash, nonce: 77 })
    const bad = BlockHeader.from({ ...fields, previousBlock: good.hash, nonce: 78 })
    expect(chain.add([good])).toEqual({ added: 1, replaced: 0 })
    expect(codeOf(() => chain.add([bad]))).toBe('bad-answer')
    expect(asked).toEqual([good, bad].map(({ hash }) => toHex(hash)))
    expect(chain.heightOf(good.hash)).toBe(1)
  })

  it('keeps copies: what was received may change', () => {
    const chain = new HeaderChain(regtest)
    const payload = Uint8Array.from(main.slice(0, 3).flatMap(({ bytes }) => [...bytes]))
    chain.add(new ListView(3, i => new BlockHeader(payload.subarray(80 * i, 80 * i + 80))))
    payload.fill(0)
    same(chain.at(2), at(2))
    expect(toHex(chain.tip.previousBlock)).toBe(toHex(at(2).hash))
  })
})
