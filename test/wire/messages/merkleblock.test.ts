import { BlockHeader } from '../../../src/wire/header.js'
import { bytesToHex, hexToBytes } from '../../../src/wire/hex.js'
import { describeMessage } from '../../support/message-suite.js'

/** Block 1 of mainnet. */
const headerHex =
  '010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299'
const header = new BlockHeader(hexToBytes(headerHex))
const { merkleRoot } = header

describeMessage('merkleblock', {
  message: {
    command: 'merkleblock',
    header,
    totalTransactions: 0x0102,
    hashes: [merkleRoot],
    flags: Uint8Array.of(0x80),
  },
  payload: `${headerHex}0201000001${bytesToHex(merkleRoot)}0180`,
  plain: {
    header: {
      hash: '00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048',
      version: 1,
      previousBlock: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
      merkleRoot: '0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098',
      time: 1_231_469_665,
      bits: 0x1d00_ffff,
      nonce: 2_573_394_689,
    },
    totalTransactions: 0x0102,
    hashes: ['0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098'],
    flags: '80',
  },
  row: { bips: [37], direction: 'response', minVersion: 70_001, shortId: 16, maxLength: 4_000_000 },
  payloads: [
    ['a tree that does not hold together is decoded all the same', 'ok', `${headerHex}ffffffff0000`],
    ['400,002 hashes', 'too-many', `${headerHex}01000000fe821a0600`],
    ['400,001 hashes that are not there', 'truncated', `${headerHex}01000000fe811a0600`],
    ['a length of 50,001 flag bytes', 'too-long', `${headerHex}0100000000fd51c3`],
    ['50,000 flag bytes', 'ok', `${headerHex}0100000000fd50c3${'00'.repeat(50_000)}`],
    ['a byte too many', 'trailing-bytes', `${headerHex}01000000000000`],
  ],
  unwritable: [
    [
      'too-long',
      { command: 'merkleblock', header, totalTransactions: 1, hashes: [], flags: new Uint8Array(50_001) },
    ],
    [
      'bad-value',
      {
        command: 'merkleblock',
        header,
        totalTransactions: 1,
        hashes: [new Uint8Array(31)],
        flags: Uint8Array.of(1),
      },
    ],
  ],
  vectors: {
    count: 2,
    plain: ({ totalTransactions, hashes }: { totalTransactions: number; hashes: number }) => ({
      totalTransactions,
      // The vectors state how many there are.
      ...(hashes === 1
        ? { hashes: ['0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098'] }
        : {}),
    }),
  },
})
