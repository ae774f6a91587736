import { describe, expect, it } from 'vitest'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { customSignet, signet } from '../../src/wire/network.js'
import { describeVectors, vectorJson } from '../support/vectors.js'

const defaultChallenge =
  '512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae'

describe('the magic of a signet of one’s own (BIP325)', () => {
  it.each([
    ['the default challenge', defaultChallenge, '0a03cf40'],
    ['OP_TRUE', '51', '54d26fbd'],
    ['an empty challenge', '', '1406e058'],
    // The length takes three bytes from here on.
    ['253 bytes', `51${'61'.repeat(252)}`, '362c5cb9'],
  ])('%s', (_, challenge, magic) => {
    const network = customSignet(hexToBytes(challenge))
    expect(bytesToHex(network.magic)).toBe(magic)
    expect(network).toMatchObject({ name: `signet-${magic}`, dnsSeeds: [], defaultPort: signet.defaultPort })
    expect(network.genesis).toBe(signet.genesis)
    expect(network.powLimit).toBe(signet.powLimit)
  })
})

describeVectors('wire/networks.json', () => {
  interface Row {
    readonly challenge: string
    readonly magic: string
    readonly note: string
  }
  const { signetMagic } = vectorJson<{ signetMagic: readonly Row[] }>('wire/networks.json', {
    signetMagic: [],
  })

  it('has 4 challenges', () => expect(signetMagic.length).toBe(4))

  it.each(signetMagic)('$note', ({ challenge, magic }) => {
    expect(bytesToHex(customSignet(hexToBytes(challenge)).magic)).toBe(magic)
  })
})
