import { Block } from '../wire/block.js'
import { zeroHash } from '../wire/hash.js'
import { hexToBytes } from '../wire/hex.js'
import { checkMerkleRoot } from '../wire/merkle.js'
import type { Network } from '../wire/network.js'
import { Transaction } from '../wire/transaction.js'

/** The newspaper headline in the first coinbase of bitcoin. */
const headline = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks'

/** The key that the first coinbase pays to, uncompressed. */
const publicKey = hexToBytes(
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f',
)

/** The one transaction in the first block of all bitcoin networks but testnet4. */
function firstCoinbase(): Transaction {
  const text = Uint8Array.from(headline, character => character.charCodeAt(0))
  const bits = Uint8Array.of(0x04, 0xff, 0xff, 0x00, 0x1d)
  return Transaction.from({
    version: 1,
    inputs: [
      {
        outpoint: { txid: zeroHash, index: 0xffff_ffff },
        scriptSig: Uint8Array.of(...bits, 0x01, 0x04, text.length, ...text),
        sequence: 0xffff_ffff,
        witness: [],
      },
    ],
    outputs: [{ value: 5_000_000_000n, scriptPubKey: Uint8Array.of(publicKey.length, ...publicKey, 0xac) }],
    lockTime: 0,
  })
}

/**
 * The whole first block of a network, of which a `Network` has only the header.
 * @throws TypeError where its transaction is not bitcoin's: then the block must be given
 */
export function genesisBlock(network: Network): Block {
  const block = Block.from(network.genesis, [firstCoinbase()])
  if (!checkMerkleRoot(block)) {
    throw new TypeError(`the first block of ${network.name} is not known: give it as \`genesis\``)
  }
  return block
}
