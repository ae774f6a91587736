import { fromHex, InventoryType, open, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import {
  Block,
  bytesToHex,
  checkMerkleRoot,
  checkWitnessCommitment,
  equalBytes,
  hexToBytes,
  MAX_PAYLOAD,
  zeroHash,
} from 'rxpeer/wire'
import { expect, it } from 'vitest'
import { answerTo, mineBlock } from './asking.js'
import { COIN, coinbaseCoin, coinOf, transfer } from './coins.js'
import { describeLitecoind } from './litecoind.js'
import { asNode, payToOpTrue } from './peers.js'

/** A taproot output whose tree has one leaf, the script that is always true, and what spends it: script, control block. */
const taproot = {
  scriptPubKey: hexToBytes('5120f855ca43402fb99cde0e3e634b175642561ff584fe76d1686630d8fd2ea93b36'),
  script: hexToBytes('51'),
  controlBlock: hexToBytes('c150929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0'),
}

/** Starts with 0x50 and means nothing yet, so it may be as long as a block can be (BIP341). */
const annex = new Uint8Array(3_980_000).fill(0xa5)
annex[0] = 0x50

describeLitecoind('a block of nearly 4,000,000 bytes', node => {
  it('comes whole, its transactions and witnesses those that it commits to', async () => {
    await node().mine(101)
    const coin = await coinbaseCoin(node(), 1)
    const funding = transfer([coin], [{ value: COIN, scriptPubKey: taproot.scriptPubKey }])
    await mineBlock(node(), [funding])
    const big = transfer(
      [coinOf(funding, 0, { witness: [taproot.script, taproot.controlBlock, annex] })],
      [{ value: COIN, scriptPubKey: payToOpTrue }],
    )
    const hash = await mineBlock(node(), [big])
    const raw = await node().rpc<string>('getblock', hash, 0)
    expect(raw.length / 2).toBeGreaterThan(3_980_000)
    expect(raw.length / 2).toBeLessThan(MAX_PAYLOAD)

    await using peer = await open(tcp({ host: node().host, port: node().port }), asNode)
    const fetchBlock = async (type: number): Promise<Block> => {
      const inventory = [{ type, hash: fromHex(hash) }]
      return (await answerTo(peer, { command: 'getdata', inventory }, 'block')).block
    }
    const block = await fetchBlock(InventoryType.witnessBlock)
    // Not toBe: a difference would be printed.
    expect(equalBytes(block.bytes, hexToBytes(raw))).toBe(true)
    expect(checkMerkleRoot(block)).toBe(true)
    expect(checkWitnessCommitment(block)).toBe(true)
    const { weight, tx } = await node().rpc<{ weight: number; tx: string[] }>('getblock', hash, 1)
    expect(block.weight).toBe(weight)
    expect(block.txids().map(toHex)).toEqual(tx)
    expect(toHex(block.transactions.at(1)?.wtxid ?? zeroHash)).toBe(toHex(big.wtxid))
    expect(block.transactions.at(1)?.inputs[0]?.witness.at(2)?.length).toBe(annex.length)

    // One bit of the annex: the txids do not change, the witness commitment tells.
    const changed = Uint8Array.from(block.bytes)
    const middle = (changed.length / 2) | 0
    changed[middle] = (changed[middle] ?? 0) ^ 1
    expect(checkMerkleRoot(Block.decode(changed))).toBe(true)
    expect(checkWitnessCommitment(Block.decode(changed))).toBe(false)

    const stripped = await fetchBlock(InventoryType.block)
    expect(bytesToHex(stripped.bytes)).toBe(bytesToHex(block.stripped))
    expect(checkMerkleRoot(stripped)).toBe(true)
    expect(checkWitnessCommitment(stripped)).toBe(false)
    expect(node().offences()).toEqual([])
  })
})
