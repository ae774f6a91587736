import { filter } from 'rxjs'
import { fromHex, InventoryType, type Message, open, type Peer, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import {
  Block,
  BlockHeader,
  bytesToHex,
  checkMerkleRoot,
  checkWitnessCommitment,
  encodeMessage,
  hexToBytes,
  type MissingReconstruction,
  type Reconstruction,
  reconstruct,
  type Transaction,
  toCompactBlock,
} from 'rxpeer/wire'
import { beforeAll, expect, it } from 'vitest'
import { answersTo, answerTo } from './asking.js'
import { alwaysTrue, coinbaseCoin, payToWitnessScript, transfer } from './coins.js'
import { describeLitecoind, Litecoind } from './litecoind.js'
import { asNode, handled } from './peers.js'
import { eventually, within } from './waiting.js'

function missing(result: Reconstruction): MissingReconstruction {
  if (result.state !== 'missing') throw new Error(`${result.state}, not missing`)
  return result
}

function complete(result: Reconstruction): Block {
  if (result.state !== 'complete') throw new Error(`${result.state}, not complete`)
  return result.block
}

const compactBlock = (hash: string): Message => ({
  command: 'getdata',
  inventory: [{ type: InventoryType.compactBlock, hash: fromHex(hash) }],
})

describeLitecoind('compact blocks of litecoind', node => {
  const rawBlock = (hash: string) => node().rpc<string>('getblock', hash, 0)

  /** A peer that has agreed on compact blocks and is known to have the newest block. */
  async function dial({ highBandwidth = false, version = 2n } = {}): Promise<Peer> {
    const peer = await open(tcp({ host: node().host, port: node().port }), asNode)
    peer.send({ command: 'sendcmpct', highBandwidth, version })
    const tip = await node().rpc<string>('getblockheader', await node().rpc('getbestblockhash'), false)
    peer.send({ command: 'headers', headers: [new BlockHeader(hexToBytes(tip))] })
    await handled(peer)
    return peer
  }

  /** Each transaction spends a coinbase of its own. */
  let height = 0
  async function spend(): Promise<Transaction> {
    height += 1
    const coin = await coinbaseCoin(node(), height)
    const scriptPubKey = payToWitnessScript(alwaysTrue(height))
    return transfer([coin], [{ value: coin.value - 100_000n, scriptPubKey }])
  }

  async function inMempool(txs: readonly Transaction[]): Promise<void> {
    await eventually('the transactions in the mempool', async () => {
      const pool = new Set(await node().rpc<string[]>('getrawmempool'))
      return txs.every(tx => pool.has(toHex(tx.txid))) || undefined
    })
  }

  /** Transactions that both sides know, since the peer sends them, and some that only the node has. */
  async function fillMempool(peer: Peer): Promise<{ ours: Transaction[]; theirs: Transaction[] }> {
    const ours: Transaction[] = []
    const theirs: Transaction[] = []
    while (ours.length < 5) ours.push(await spend())
    while (theirs.length < 3) theirs.push(await spend())
    for (const transaction of ours) peer.send({ command: 'tx', transaction })
    for (const tx of theirs) await node().rpc('sendrawtransaction', bytesToHex(tx.bytes), 0)
    await inMempool(ours)
    return { ours, theirs }
  }

  /** Where a block has these transactions. */
  const placesOf = (block: Block, txs: readonly Transaction[]): number[] => {
    const wanted = new Set(txs.map(tx => toHex(tx.txid)))
    return block.txids().flatMap((txid, index) => (wanted.has(toHex(txid)) ? [index] : []))
  }

  beforeAll(async () => {
    // A coinbase can be spent 100 blocks later.
    await node().mine(140)
  })

  it('are pushed, and whole with our mempool and what getblocktxn brings', async () => {
    await using peer = await dial({ highBandwidth: true })
    const { ours, theirs } = await fillMempool(peer)
    const never = await spend()
    const pushed = within('a cmpctblock', peer.on('cmpctblock'))
    const [hash = ''] = await node().mine(1)
    const message = await pushed
    const raw = await rawBlock(hash)
    const block = Block.decode(hexToBytes(raw))
    expect(toHex(message.header.hash)).toBe(hash)
    expect(message.shortIds.length).toBe(ours.length + theirs.length)

    const partial = missing(reconstruct(message, [never, ...ours]))
    expect(partial.indexes).toEqual(placesOf(block, theirs))
    const blockHash = message.header.hash
    const { indexes } = partial
    const answer = await answerTo(peer, { command: 'getblocktxn', blockHash, indexes }, 'blocktxn')
    const rebuilt = complete(partial.fill(answer))
    expect(bytesToHex(rebuilt.bytes)).toBe(raw)
    expect(checkMerkleRoot(rebuilt)).toBe(true)
    expect(checkWitnessCommitment(rebuilt)).toBe(true)

    expect(bytesToHex(complete(reconstruct(message, ours, { extra: theirs })).bytes)).toBe(raw)
    const own = encodeMessage({ command: 'cmpctblock', ...toCompactBlock(block, message.nonce) })
    expect(bytesToHex(own)).toBe(bytesToHex(encodeMessage(message)))
    expect(node().offences()).toEqual([])
  })

  it('are only sent when asked for, in low bandwidth', async () => {
    await using peer = await dial()
    const { ours, theirs } = await fillMempool(peer)
    const seen: string[] = []
    peer.messages$.subscribe(({ command }) => seen.push(command))
    // Transactions are announced by inv too.
    const blocks$ = peer
      .on('inv')
      .pipe(filter(({ inventory }) => Array.from(inventory).some(({ type }) => type === InventoryType.block)))
    const announced = within('an inv of the block', blocks$)
    const [hash = ''] = await node().mine(1)
    expect(Array.from((await announced).inventory, entry => toHex(entry.hash))).toContain(hash)
    expect(seen).not.toContain('cmpctblock')
    const message = await answerTo(peer, compactBlock(hash), 'cmpctblock')
    const raw = await rawBlock(hash)
    expect(bytesToHex(complete(reconstruct(message, [...theirs, ...ours])).bytes)).toBe(raw)
    expect(node().offences()).toEqual([])
  })

  it('of version 1 name txids and leave the witness out', async () => {
    await using peer = await dial({ version: 1n })
    const { ours, theirs } = await fillMempool(peer)
    const [hash = ''] = await node().mine(1)
    const message = await answerTo(peer, compactBlock(hash), 'cmpctblock')
    expect(missing(reconstruct(message, ours)).indexes.length).toBe(ours.length + theirs.length)
    const partial = missing(reconstruct(message, ours, { version: 1 }))
    const block = Block.decode(hexToBytes(await rawBlock(hash)))
    expect(partial.indexes).toEqual(placesOf(block, theirs))
    const blockHash = message.header.hash
    const { indexes } = partial
    const answer = await answerTo(peer, { command: 'getblocktxn', blockHash, indexes }, 'blocktxn')
    expect(Array.from(answer.transactions, tx => tx.hasWitness)).toEqual(theirs.map(() => false))
    const rebuilt = complete(partial.fill(answer))
    expect(bytesToHex(rebuilt.stripped)).toBe(bytesToHex(block.stripped))
  })

  it('are for new blocks: of older ones the node sends all', async () => {
    await using peer = await dial()
    const hash = await node().rpc<string>('getblockhash', 20)
    const whole = await answersTo(peer, compactBlock(hash), 'cmpctblock', 'block')
    expect(whole.map(({ command }) => command)).toEqual(['block'])
    const request: Message = { command: 'getblocktxn', blockHash: fromHex(hash), indexes: [0] }
    const instead = await answersTo(peer, request, 'blocktxn', 'block')
    const sent = instead.map(answer => (answer.command === 'block' ? bytesToHex(answer.block.bytes) : ''))
    expect(sent).toEqual([await rawBlock(hash)])
  })

  it('of ours are taken by a node, which asks us for what it lacks', async () => {
    const other = await Litecoind.start()
    try {
      const count = await node().rpc<number>('getblockcount')
      const heights = Array.from({ length: count }, (_, i) => [i + 1])
      const hashes = await node().rpcEach<string>('getblockhash', heights)
      const chain = await node().rpcEach<string>(
        'getblock',
        hashes.map(hash => [hash, 0]),
      )
      await other.rpcEach(
        'submitblock',
        chain.map(raw => [raw]),
      )
      const known = [await spend(), await spend()]
      const news = [await spend(), await spend()]
      for (const tx of [...known, ...news]) await node().rpc('sendrawtransaction', bytesToHex(tx.bytes), 0)
      for (const tx of known) await other.rpc('sendrawtransaction', bytesToHex(tx.bytes), 0)
      const [hash = ''] = await node().mine(1)
      const block = Block.decode(hexToBytes(await rawBlock(hash)))

      await using peer = await open(tcp({ host: other.host, port: other.port }), asNode)
      peer.send({ command: 'sendcmpct', highBandwidth: true, version: 2n })
      await handled(peer)
      const request = within('getblocktxn', peer.on('getblocktxn'))
      peer.send({ command: 'cmpctblock', ...toCompactBlock(block, 0x0123_4567_89ab_cdefn) })
      const { blockHash, indexes } = await request
      expect(toHex(blockHash)).toBe(hash)
      expect([...indexes]).toEqual(placesOf(block, news))
      const transactions = Array.from(indexes, index => block.transactions.at(index)).filter(
        tx => tx !== undefined,
      )
      peer.send({ command: 'blocktxn', blockHash, transactions })
      await handled(peer)
      expect(await other.rpc('getbestblockhash')).toBe(hash)
      expect(other.offences()).toEqual([])
    } finally {
      await other.stop()
    }
  })
})
