import { describe, expect, it } from 'vitest'
import { embeddedNode, genesisBlock, seededRandom } from '../../src/testing/index.js'
import { pushHeight } from '../../src/testing/mining.js'
import { bytesToHex, equalBytes, toHex } from '../../src/wire/hex.js'
import { checkMerkleRoot, checkWitnessCommitment, witnessCommitment } from '../../src/wire/merkle.js'
import { genesisHeader, mainnet, networks, regtest, simnet } from '../../src/wire/network.js'
import { checkProofOfWork } from '../../src/wire/work.js'
import { blockAt, virtualNode } from '../support/embedded.js'

const COIN = 100_000_000n

describe('the first block', () => {
  it('is the real one, by hash and size', () => {
    const block = genesisBlock(mainnet)
    expect(toHex(block.hash)).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f')
    expect(block.bytes.length).toBe(285)
    expect(checkMerkleRoot(block)).toBe(true)
  })

  it('has to be given where its coinbase is another one', () => {
    const { genesis: _, ...own } = regtest
    const network = {
      ...own,
      genesis: genesisHeader({ time: 1, bits: 0x207fffff, nonce: 0, merkleRoot: new Uint8Array(32) }),
    }
    expect(() => embeddedNode({ network })).toThrow('first block of regtest is not known')
    expect(embeddedNode({ network, genesis: genesisBlock(regtest), blocks: 1 }).height).toBe(1)
  })
})

describe('mining', () => {
  const { node } = virtualNode({ blocks: 160 })

  it('makes linked blocks with real work, roots, commitments and times that rise', () => {
    for (let height = 1; height <= 160; height += 1) {
      const block = blockAt(node, height)
      const { header } = block
      const previous = blockAt(node, height - 1).header
      expect(equalBytes(header.previousBlock, previous.hash)).toBe(true)
      expect(header.time).toBeGreaterThan(previous.time)
      expect(header.bits).toBe(0x207fffff)
      expect(checkProofOfWork(header, { limit: regtest.powLimit })).toBe(true)
      expect(checkMerkleRoot(block)).toBe(true)
      expect(witnessCommitment(block)).toHaveLength(32)
      expect(checkWitnessCommitment(block)).toBe(true)
    }
    expect(equalBytes(node.tip.hash, blockAt(node, 160).hash)).toBe(true)
  })

  it('starts each coinbase with its height (BIP34), makes it unique, and halves what it pays as regtest does', () => {
    const coinbaseOf = (height: number) => blockAt(node, height).transactions.at(0)!
    for (const height of [1, 16, 17, 128, 160]) {
      const start = pushHeight(height)
      const { scriptSig } = coinbaseOf(height).inputs[0]!
      expect([...scriptSig.subarray(0, start.length)]).toEqual([...start])
      expect(scriptSig.length).toBeLessThanOrEqual(100)
      expect(coinbaseOf(height).isCoinbase).toBe(true)
    }
    expect(coinbaseOf(149).outputs[0]?.value).toBe(50n * COIN)
    expect(coinbaseOf(150).outputs[0]?.value).toBe(25n * COIN)
  })

  it.each([
    [0, '00'],
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [127, '017f'],
    [128, '028000'],
    [256, '020001'],
    [32_767, '02ff7f'],
    [32_768, '03008000'],
    [500_000, '0320a107'],
  ])('pushes the height %i as %s', (height, hex) => {
    expect(bytesToHex(pushHeight(height))).toBe(hex)
  })

  it('dates the blocks of the start ten minutes apart up to now, later ones when they are mined', () => {
    let now = 1_800_000_000_000
    const clock = { monotonic: () => 0, epoch: () => now }
    const dated = embeddedNode({ blocks: 3, clock, random: seededRandom(1) })
    now += 90_500
    dated.mine(2)
    const times = Array.from(dated.blocks, ({ header }) => header.time - 1_800_000_000).slice(1)
    expect(times).toEqual([-1200, -600, 0, 90, 91])
  })

  it('makes the same chain of the same seed, whoever connects meanwhile', () => {
    const tipOf = (seed: number, visits: number) => {
      const { node: seeded, join } = virtualNode({ random: seededRandom(seed), blocks: 3 })
      for (let i = 0; i < visits; i += 1) join()
      seeded.mine(2)
      return toHex(seeded.tip.hash)
    }
    expect(tipOf(7, 0)).toBe(tipOf(7, 3))
    expect(tipOf(7, 0)).not.toBe(tipOf(8, 0))
  })

  it('works on any network that is easy enough, and refuses the others at once', () => {
    expect(embeddedNode({ network: simnet, blocks: 5 }).height).toBe(5)
    for (const name of ['mainnet', 'testnet3', 'testnet4', 'signet']) {
      expect(() => embeddedNode({ network: networks[name] })).toThrow(TypeError)
    }
  })

  it('returns the new blocks in order, and refuses what is no count', () => {
    const { node: fresh } = virtualNode({ blocks: 0 })
    expect(fresh.mine(3).map(block => toHex(block.hash))).toEqual(
      Array.from(fresh.blocks, block => toHex(block.hash)).slice(1),
    )
    expect(fresh.mine(0)).toEqual([])
    for (const count of [-1, 1.5, Number.NaN]) expect(() => fresh.mine(count)).toThrow(TypeError)
    expect(fresh.height).toBe(3)
  })
})
