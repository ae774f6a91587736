import { describe, expect, it, test } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { bytesToHex, equalBytes, fromHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import {
  customSignet,
  genesisHeader,
  type Network,
  networks,
  regtest,
  signet,
} from '../../src/wire/network.js'
import { describeVectors, vectorJson } from '../support/vectors.js'

/** From the chain parameters of Bitcoin Core 28.1, simnet from those of btcd. */
const facts: readonly [name: string, magic: string, port: number, genesis: string][] = [
  ['mainnet', 'f9beb4d9', 8333, '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'],
  ['testnet3', '0b110907', 18333, '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943'],
  ['testnet4', '1c163f28', 48333, '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043'],
  ['signet', '0a03cf40', 38333, '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6'],
  ['regtest', 'fabfb5da', 18444, '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206'],
  ['simnet', '161c1412', 18555, '683e86bd5c6d110d91b94b97137ba6bfe02dbbdb8e3dff722a669b5d69d77af6'],
]

test.each(facts)('%s', (name, magic, port, genesis) => {
  const network = networks[name]!
  expect(network.name).toBe(name)
  expect(bytesToHex(network.magic)).toBe(magic)
  expect(network.defaultPort).toBe(port)
  expect(toHex(network.genesis.hash)).toBe(genesis)
  expect(toHex(network.genesis.previousBlock)).toBe('00'.repeat(32))
})

test('these are all', () => {
  expect(Object.keys(networks)).toEqual(facts.map(([name]) => name))
})

test('seeds are host names, and private networks have none', () => {
  for (const { name, dnsSeeds } of Object.values(networks)) {
    expect(new Set(dnsSeeds).size).toBe(dnsSeeds.length)
    for (const seed of dnsSeeds) expect(seed).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
    expect(dnsSeeds.length === 0, name).toBe(name === 'regtest' || name === 'simnet')
  }
})

/** What a user writes who wants a network that rxpeer does not know. */
const litecoinRegtest: Network = {
  ...regtest,
  name: 'litecoin-regtest',
  defaultPort: 19444,
  genesis: genesisHeader({
    merkleRoot: fromHex('97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9'),
    time: 1296688602,
    bits: 0x207fffff,
    nonce: 0,
  }),
}

test('a network is a value: litecoin regtest is made in a few lines and shares the magic of regtest', () => {
  expect(toHex(litecoinRegtest.genesis.hash)).toBe(
    '530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9',
  )
  expect(equalBytes(litecoinRegtest.magic, regtest.magic)).toBe(true)
  expect(litecoinRegtest).not.toEqual(regtest)
})

test.each([
  ['51', '54d26fbd'],
  ['', '1406e058'],
])('the signet of challenge "%s" has the magic %s', (challenge, magic) => {
  const made = customSignet(hexToBytes(challenge))
  expect(bytesToHex(made.magic)).toBe(magic)
  expect(made.genesis).toBe(signet.genesis)
  expect(made.defaultPort).toBe(signet.defaultPort)
})

describeVectors('wire/networks.json', () => {
  interface Vector {
    readonly name: string
    readonly magicBytes: string
    readonly defaultPort: number
    readonly genesisHash: string
    readonly genesisMerkleRoot: string
    readonly genesisTime: number
    readonly genesisBits: string
    readonly genesisNonce: number
    readonly genesisBlock: string
    readonly dnsSeeds: { readonly core28?: readonly string[] }
  }
  interface Vectors {
    readonly networks: readonly Vector[]
    readonly signetMagic: readonly { challenge: string; magic: string; note: string }[]
  }
  const absent: Vectors = { networks: [], signetMagic: [] }
  const { networks: vectors, signetMagic } = vectorJson('wire/networks.json', absent)
  const known: Readonly<Record<string, Network>> = { ...networks, 'litecoin-regtest': litecoinRegtest }

  describe.each(vectors)('$name', vector => {
    it('has the genesis block whose header its parameters make', () => {
      const block = Block.decode(hexToBytes(vector.genesisBlock))
      expect(toHex(block.hash)).toBe(vector.genesisHash)
      const made = genesisHeader({
        version: block.header.version,
        merkleRoot: fromHex(vector.genesisMerkleRoot),
        time: vector.genesisTime,
        bits: Number.parseInt(vector.genesisBits, 16),
        nonce: vector.genesisNonce,
      })
      expect(made.bytes).toEqual(block.header.bytes)
      expect(toHex(block.transactions.at(0)!.txid)).toBe(vector.genesisMerkleRoot)
    })

    it.runIf(vector.name in known)('agrees with ours', () => {
      const network = known[vector.name]!
      expect(bytesToHex(network.magic)).toBe(vector.magicBytes)
      expect(network.defaultPort).toBe(vector.defaultPort)
      expect(toHex(network.genesis.hash)).toBe(vector.genesisHash)
      const seeds = (vector.dnsSeeds.core28 ?? []).filter(seed => !seed.endsWith('.invalid'))
      expect(network.dnsSeeds).toEqual(seeds)
    })
  })

  it.each(signetMagic)('custom signet: $note', ({ challenge, magic }) => {
    expect(bytesToHex(customSignet(hexToBytes(challenge)).magic)).toBe(magic)
  })

  it('covers every network of ours', () => {
    const names = vectors.map(({ name }) => name)
    for (const name of Object.keys(known)) expect(names).toContain(name)
  })
})
