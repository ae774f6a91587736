import { filter, scan } from 'rxjs'
import { fromHex, InventoryType, open, type Peer, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import {
  Block,
  BlockHeader,
  bytesToHex,
  checkMerkleRoot,
  checkWitnessCommitment,
  encodeMessage,
  equalBytes,
  type Hash,
  hexToBytes,
  PROTOCOL_VERSION,
  zeroHash,
} from 'rxpeer/wire'
import { beforeAll, describe, expect, it } from 'vitest'
import { anyoneCanSpend, describeLitecoind, litecoinRegtest } from './litecoind.js'
import { asNode, handled, opTrue, payToOpTrue, spendCoinbase } from './peers.js'
import { within } from './waiting.js'

/** A transaction of `getblock` with verbosity 2, as far as the tests look at it. */
interface RpcTransaction {
  readonly txid: string
  /** The wtxid. */
  readonly hash: string
  readonly size: number
  readonly vsize: number
  readonly weight: number
  readonly version: number
  readonly locktime: number
  readonly vin: readonly {
    readonly txid?: string
    readonly vout?: number
    readonly sequence: number
    readonly txinwitness?: readonly string[]
  }[]
  readonly vout: readonly { readonly scriptPubKey: { readonly hex: string } }[]
}

interface RpcBlock {
  readonly hash: string
  readonly size: number
  readonly strippedsize: number
  readonly weight: number
  readonly height: number
  readonly merkleroot: string
  readonly time: number
  readonly nonce: number
  readonly bits: string
  readonly previousblockhash: string
  readonly tx: readonly RpcTransaction[]
}

/** More than a page of getblocks, 500. */
const BLOCKS = 600

describeLitecoind('the chain of litecoind', node => {
  const dial = () => open(tcp({ host: node().host, port: node().port }), asNode)

  /** Asks for a block and waits for it. */
  async function fetchBlock(peer: Peer, type: number, hash: string): Promise<Block> {
    const wanted = fromHex(hash)
    const reply = within(
      `block ${hash}`,
      peer.on('block').pipe(filter(({ block }) => equalBytes(block.hash, wanted))),
    )
    peer.send({ command: 'getdata', inventory: [{ type, hash: wanted }] })
    return (await reply).block
  }

  /** The first blocks in display hex, that of height 1 first. */
  const hashes: string[] = []

  beforeAll(async () => {
    while (hashes.length < BLOCKS) hashes.push(...(await node().mine(300)))
  })

  it('is announced by inv, and by headers after sendheaders', async () => {
    await using peer = await dial()
    await handled(peer)
    const inv = within('an inv of the new block', peer.on('inv'))
    const [announced] = await node().mine(1)
    expect([...(await inv).inventory].map(({ type, hash }) => [type, toHex(hash)])).toEqual([
      [InventoryType.block, announced],
    ])

    // headers are announced only where the node knows that we have what they build on.
    peer.send({ command: 'sendheaders' })
    const known = await node().rpc<string>('getblockheader', announced, false)
    peer.send({ command: 'headers', headers: [new BlockHeader(hexToBytes(known))] })
    await handled(peer)
    const headers = within('headers of the new block', peer.on('headers'))
    const [hash] = await node().mine(1)
    const list = [...(await headers).headers].map(header => toHex(header.hash))
    expect(list).toEqual([hash])
  })

  it('comes in headers, each following the one before, until there are no more', async () => {
    await using peer = await dial()
    const ask = async (from: Hash): Promise<BlockHeader[]> => {
      const page = within('a page of headers', peer.on('headers'))
      peer.send({ command: 'getheaders', version: PROTOCOL_VERSION, locator: [from], stop: zeroHash })
      return [...(await page).headers]
    }
    const headers = await ask(litecoinRegtest.genesis.hash)
    expect(headers.length).toBe(await node().rpc<number>('getblockcount'))
    expect(headers.slice(0, BLOCKS).map(({ hash }) => toHex(hash))).toEqual(hashes)
    let previous = litecoinRegtest.genesis
    for (const header of headers) {
      expect(toHex(header.previousBlock)).toBe(toHex(previous.hash))
      previous = header
    }
    expect(await ask(previous.hash)).toEqual([])
  })

  it('stops at the wanted header', async () => {
    await using peer = await dial()
    const stop = fromHex(hashes[2] ?? '')
    const page = within('headers', peer.on('headers'))
    const locator = [litecoinRegtest.genesis.hash]
    peer.send({ command: 'getheaders', version: PROTOCOL_VERSION, locator, stop })
    const { headers } = await page
    expect(headers.length).toBe(3)
    expect(toHex(headers.at(2)?.hash ?? zeroHash)).toBe(toHex(stop))
  })

  it('comes in pages of 500 block entries after getblocks', async () => {
    await using peer = await dial()
    const page = within('an inv', peer.on('inv'))
    const locator = [litecoinRegtest.genesis.hash]
    peer.send({ command: 'getblocks', version: PROTOCOL_VERSION, locator, stop: zeroHash })
    const { inventory } = await page
    expect(inventory.length).toBe(500)
    expect(new Set(Array.from(inventory, ({ type }) => type))).toEqual(new Set([InventoryType.block]))
    expect(Array.from(inventory, ({ hash }) => toHex(hash))).toEqual(hashes.slice(0, 500))
  })

  describe('a block with a segwit spend', () => {
    let rpcBlock: RpcBlock
    let raw: string

    beforeAll(async () => {
      const spend = await spendCoinbase(node(), 1)
      await node().rpc('sendrawtransaction', bytesToHex(spend.bytes))
      const [hash] = await node().mine(1)
      rpcBlock = await node().rpc('getblock', hash, 2)
      raw = await node().rpc('getblock', hash, 0)
      expect(rpcBlock.tx.length).toBe(2)
    })

    it('reads as the node reads it', async () => {
      await using peer = await dial()
      const block = await fetchBlock(peer, InventoryType.witnessBlock, rpcBlock.hash)
      expect({
        hash: toHex(block.hash),
        size: block.bytes.length,
        strippedsize: block.strippedSize,
        weight: block.weight,
        merkleroot: toHex(block.header.merkleRoot),
        previousblockhash: toHex(block.header.previousBlock),
        time: block.header.time,
        nonce: block.header.nonce,
        bits: block.header.bits.toString(16),
      }).toEqual({
        hash: rpcBlock.hash,
        size: rpcBlock.size,
        strippedsize: rpcBlock.strippedsize,
        weight: rpcBlock.weight,
        merkleroot: rpcBlock.merkleroot,
        previousblockhash: rpcBlock.previousblockhash,
        time: rpcBlock.time,
        nonce: rpcBlock.nonce,
        bits: rpcBlock.bits,
      })
      const transactions = Array.from(block.transactions, tx => ({
        txid: toHex(tx.txid),
        hash: toHex(tx.wtxid),
        size: tx.bytes.length,
        vsize: tx.vsize,
        weight: tx.weight,
        version: tx.version,
        locktime: tx.lockTime,
        vin: tx.inputs.map(({ outpoint, sequence, witness }) => ({
          ...(tx.isCoinbase ? {} : { txid: toHex(outpoint.txid), vout: outpoint.index }),
          sequence,
          txinwitness: Array.from(witness, bytesToHex),
        })),
        vout: tx.outputs.map(({ scriptPubKey }) => ({ scriptPubKey: { hex: bytesToHex(scriptPubKey) } })),
      }))
      expect(rpcBlock.tx).toMatchObject(transactions)
      expect(transactions[1]?.vin[0]?.txinwitness).toEqual([bytesToHex(opTrue)])
      expect(transactions[1]?.txid).not.toBe(transactions[1]?.hash)
      expect(checkMerkleRoot(block)).toBe(true)
      expect(checkWitnessCommitment(block)).toBe(true)
    })

    it('is written again byte by byte', async () => {
      await using peer = await dial()
      const block = await fetchBlock(peer, InventoryType.witnessBlock, rpcBlock.hash)
      expect(bytesToHex(block.bytes)).toBe(raw)
      expect(bytesToHex(encodeMessage({ command: 'block', block }))).toBe(raw)
      const rebuilt = Block.from(block.header, [...block.transactions])
      expect(bytesToHex(rebuilt.bytes)).toBe(raw)
    })

    it('comes without witness to those who ask so', async () => {
      await using peer = await dial()
      const whole = await fetchBlock(peer, InventoryType.witnessBlock, rpcBlock.hash)
      const stripped = await fetchBlock(peer, InventoryType.block, rpcBlock.hash)
      expect(stripped.bytes.length).toBe(rpcBlock.strippedsize)
      expect(bytesToHex(stripped.bytes)).toBe(bytesToHex(whole.stripped))
      expect(bytesToHex(encodeMessage({ command: 'block', block: whole }, { witness: false }))).toBe(
        bytesToHex(stripped.bytes),
      )
      expect(stripped.txids().map(toHex)).toEqual(rpcBlock.tx.map(({ txid }) => txid))
    })
  })

  it('has a block of almost a megabyte that arrives whole', async () => {
    const size = 990_000
    const note = new Uint8Array(6 + size).fill(7)
    // OP_RETURN, OP_PUSHDATA4 and its little-endian size.
    note.set([0x6a, 0x4e, size & 0xff, (size >> 8) & 0xff, size >> 16, 0])
    const spend = await spendCoinbase(node(), 2, [payToOpTrue, note])
    const { hash } = await node().rpc<{ hash: string }>('generateblock', anyoneCanSpend, [
      bytesToHex(spend.bytes),
    ])
    await using peer = await dial()
    const block = await fetchBlock(peer, InventoryType.witnessBlock, hash)
    expect(block.bytes.length).toBeGreaterThan(990_000)
    expect(bytesToHex(block.bytes)).toBe(await node().rpc<string>('getblock', hash, 0))
    expect(block.transactions.at(1)?.outputs[1]?.scriptPubKey.length).toBe(note.length)
  })

  it('serves many blocks in the order they were asked for', async () => {
    await using peer = await dial()
    const wanted = hashes.slice(0, 200)
    const blocks = within(
      'the last of 200 blocks',
      peer.on('block').pipe(
        scan((seen: string[], { block }) => [...seen, toHex(block.hash)], []),
        filter(seen => seen.length === wanted.length),
      ),
    )
    peer.send({
      command: 'getdata',
      inventory: wanted.map(hash => ({ type: InventoryType.witnessBlock, hash: fromHex(hash) })),
    })
    expect(await blocks).toEqual(wanted)
  })

  it('answers notfound for a transaction that nobody has', async () => {
    await using peer = await dial()
    const reply = within('notfound', peer.on('notfound'))
    const unknown = { type: InventoryType.witnessTx, hash: new Uint8Array(32).fill(9) }
    peer.send({ command: 'getdata', inventory: [unknown] })
    const { inventory } = await reply
    expect([...inventory]).toEqual([unknown])
  })
})
