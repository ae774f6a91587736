import { Writer } from './cursor.js'
import { type Hash, sha256d, zeroHash } from './hash.js'
import { BlockHeader, type BlockHeaderFields } from './header.js'
import { bytesToHex, fromHex } from './hex.js'

/**
 * The parameters of a network, as a value: users make their own. Two networks may share a magic (litecoin's regtest
 * has bitcoin's), so a network is identified by its object.
 * @example
 * const litecoinRegtest: Network = { ...regtest, name: 'litecoin-regtest', defaultPort: 19444, genesis: … }
 */
export interface Network {
  /** For people and the command line. */
  readonly name: string
  /** The first 4 bytes of every v1 frame, as on the wire. */
  readonly magic: Uint8Array
  /** TCP port where nodes listen unless told otherwise. */
  readonly defaultPort: number
  /** Header of the first block; its hash starts every locator. */
  readonly genesis: BlockHeader
  /** The easiest target that a header may have; see `checkProofOfWork`. */
  readonly powLimit: bigint
  /**
   * Height of the first block that has to keep what its coinbase says of witnesses (BIP141): before, miners said it too,
   * and nobody checked. Default 0.
   */
  readonly segwitHeight?: number | undefined
  /** Names to look up for first addresses; not looked up by rxpeer itself. */
  readonly dnsSeeds: readonly string[]
}

/** Root of the one transaction that all bitcoin networks but testnet4 share in their first block. */
const merkleRoot2009: Hash = fromHex('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b')

/** The header of a first block: it follows nothing, and its version is 1 unless told otherwise. */
export function genesisHeader(
  fields: Pick<BlockHeaderFields, 'time' | 'bits' | 'nonce'> & Partial<BlockHeaderFields>,
): BlockHeader {
  return BlockHeader.from({ version: 1, previousBlock: zeroHash, merkleRoot: merkleRoot2009, ...fields })
}

/** The main network, the one with money in it. */
export const mainnet: Network = {
  name: 'mainnet',
  magic: Uint8Array.of(0xf9, 0xbe, 0xb4, 0xd9),
  defaultPort: 8333,
  genesis: genesisHeader({ time: 1231006505, bits: 0x1d00ffff, nonce: 2083236893 }),
  powLimit: (1n << 224n) - 1n,
  segwitHeight: 481_824,
  dnsSeeds: [
    'seed.bitcoin.sipa.be',
    'dnsseed.bluematt.me',
    'dnsseed.bitcoin.dashjr-list-of-p2p-nodes.us',
    'seed.bitcoin.jonasschnelli.ch',
    'seed.btc.petertodd.net',
    'seed.bitcoin.sprovoost.nl',
    'dnsseed.emzy.de',
    'seed.bitcoin.wiz.biz',
    'seed.mainnet.achownodes.xyz',
  ],
}

/** The first public test network still alive. */
export const testnet3: Network = {
  name: 'testnet3',
  magic: Uint8Array.of(0x0b, 0x11, 0x09, 0x07),
  defaultPort: 18333,
  genesis: genesisHeader({ time: 1296688602, bits: 0x1d00ffff, nonce: 414098458 }),
  powLimit: (1n << 224n) - 1n,
  segwitHeight: 834_624,
  dnsSeeds: [
    'testnet-seed.bitcoin.jonasschnelli.ch',
    'seed.tbtc.petertodd.net',
    'seed.testnet.bitcoin.sprovoost.nl',
    'testnet-seed.bluematt.me',
    'seed.testnet.achownodes.xyz',
  ],
}

/** The second public test network (BIP94). */
export const testnet4: Network = {
  name: 'testnet4',
  magic: Uint8Array.of(0x1c, 0x16, 0x3f, 0x28),
  defaultPort: 48333,
  genesis: genesisHeader({
    merkleRoot: fromHex('7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e'),
    time: 1714777860,
    bits: 0x1d00ffff,
    nonce: 393743547,
  }),
  powLimit: (1n << 224n) - 1n,
  segwitHeight: 1,
  dnsSeeds: ['seed.testnet4.bitcoin.sprovoost.nl', 'seed.testnet4.wiz.biz'],
}

/** The default signet (BIP325). */
export const signet: Network = {
  name: 'signet',
  magic: Uint8Array.of(0x0a, 0x03, 0xcf, 0x40),
  defaultPort: 38333,
  genesis: genesisHeader({ time: 1598918400, bits: 0x1e0377ae, nonce: 52613770 }),
  powLimit: 0x377aen << 216n,
  segwitHeight: 1,
  dnsSeeds: ['seed.signet.bitcoin.sprovoost.nl', 'seed.signet.achownodes.xyz'],
}

/** Private chains for tests: blocks are found at once. */
export const regtest: Network = {
  name: 'regtest',
  magic: Uint8Array.of(0xfa, 0xbf, 0xb5, 0xda),
  defaultPort: 18444,
  genesis: genesisHeader({ time: 1296688602, bits: 0x207fffff, nonce: 2 }),
  powLimit: (1n << 255n) - 1n,
  dnsSeeds: [],
}

/** The simulation network of btcd. */
export const simnet: Network = {
  name: 'simnet',
  magic: Uint8Array.of(0x16, 0x1c, 0x14, 0x12),
  defaultPort: 18555,
  genesis: genesisHeader({ time: 1401292357, bits: 0x207fffff, nonce: 2 }),
  powLimit: (1n << 255n) - 1n,
  dnsSeeds: [],
}

/**
 * A signet of one's own (BIP325): all as on the default signet, but for the magic, which is the first 4 bytes of
 * SHA256d of the challenge behind its CompactSize length (btcd differs from 253 bytes up), and without seeds.
 * @param challenge - the script that a block's solution must satisfy
 */
export function customSignet(challenge: Uint8Array): Network {
  const writer = new Writer()
  writer.varBytes(challenge, Number.POSITIVE_INFINITY)
  const magic = sha256d(writer.finish()).subarray(0, 4)
  return { ...signet, name: `signet-${bytesToHex(magic)}`, magic, dnsSeeds: [] }
}

/** The networks that rxpeer knows, by name. */
export const networks: Readonly<Record<string, Network>> = {
  mainnet,
  testnet3,
  testnet4,
  signet,
  regtest,
  simnet,
}
