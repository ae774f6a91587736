import { fromHex, InventoryType, type Message, open, type Peer, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import {
  Block,
  BloomFilter,
  BloomUpdate,
  bytesToHex,
  encodeMessage,
  filterBlock,
  hexToBytes,
  sha256,
  type Transaction,
  verifyMerkleBlock,
} from 'rxpeer/wire'
import { beforeAll, expect, it } from 'vitest'
import { answersTo, answerTo, mineBlock } from './asking.js'
import {
  alwaysTrue,
  COIN,
  coinbaseCoin,
  coinOf,
  payToKeyHash,
  payToWitnessScript,
  transfer,
} from './coins.js'
import { describeLitecoind } from './litecoind.js'
import { asNode, handled } from './peers.js'
import { eventually } from './waiting.js'

/** So rare that no test sees a match by chance. */
const newFilter = (flags: number = BloomUpdate.none) =>
  BloomFilter.create({ elements: 20, falsePositiveRate: 1e-10, tweak: 0xdead_beef, flags })

const filteredBlock = (hash: string): Message => ({
  command: 'getdata',
  inventory: [{ type: InventoryType.filteredBlock, hash: fromHex(hash) }],
})

const ids = (transactions: Iterable<Transaction>): string[] => Array.from(transactions, tx => toHex(tx.txid))

/** A key hash of its own for each number. */
const keyHash = (n: number): Uint8Array => sha256(Uint8Array.of(n)).subarray(0, 20)

describeLitecoind('bloom filters at litecoind', node => {
  const dial = (port: number) => open(tcp({ host: node().host, port }), asNode)

  /** The next coinbase's coin to a witness script and a key hash that only this transaction has. */
  let height = 0
  async function spend(): Promise<{ tx: Transaction; n: number }> {
    height += 1
    const n = height
    const coin = await coinbaseCoin(node(), n)
    const tx = transfer(
      [coin],
      [
        { value: coin.value - 2n * COIN, scriptPubKey: payToWitnessScript(alwaysTrue(n)) },
        { value: COIN, scriptPubKey: payToKeyHash(keyHash(n)) },
      ],
    )
    return { tx, n }
  }

  async function spends(count: number): Promise<{ tx: Transaction; n: number }[]> {
    const all: { tx: Transaction; n: number }[] = []
    while (all.length < count) all.push(await spend())
    return all
  }

  /** What the node sends of a block, its proof verified and equal to the node's own. */
  async function matchesIn(peer: Peer, hash: string): Promise<string[]> {
    const [first, ...others] = await answersTo(peer, filteredBlock(hash), 'merkleblock', 'tx')
    if (first?.command !== 'merkleblock') throw new Error(`${first?.command} instead of merkleblock`)
    expect(toHex(first.header.hash)).toBe(hash)
    const proven = verifyMerkleBlock(first).map(({ txid }) => toHex(txid))
    const sent = others.flatMap(message => (message.command === 'tx' ? [message.transaction] : []))
    expect(sent.length).toBe(others.length)
    expect(ids(sent)).toEqual(proven)
    expect(sent.some(tx => tx.hasWitness)).toBe(false)
    if (proven.length > 0) {
      expect(bytesToHex(encodeMessage(first))).toBe(await node().rpc<string>('gettxoutproof', proven, hash))
    }
    return proven
  }

  const blockOf = async (hash: string): Promise<Block> =>
    Block.decode(hexToBytes(await node().rpc<string>('getblock', hash, 0)))

  async function toMempool(tx: Transaction): Promise<void> {
    await node().rpc('sendrawtransaction', bytesToHex(tx.bytes), 0)
  }

  beforeAll(async () => {
    // A coinbase can be spent 100 blocks later.
    await node().mine(190)
  })

  it('let a merkleblock prove what they match, and it is the one that we make of the block', async () => {
    const all = await spends(12)
    const hash = await mineBlock(
      node(),
      all.map(({ tx }) => tx),
    )
    const [byTxid, byOutpoint, byKeyHash, byScript] = [all[1], all[4], all[7], all[11]]
    if (!byTxid || !byOutpoint || !byKeyHash || !byScript) throw new Error('twelve transactions')
    const filter = newFilter(BloomUpdate.all)
    filter.insert(byTxid.tx.txid)
    filter.insertOutpoint((await coinbaseCoin(node(), byOutpoint.n)).outpoint)
    filter.insert(keyHash(byKeyHash.n))
    filter.insert(sha256(alwaysTrue(byScript.n)))

    await using peer = await dial(node().port)
    peer.send(filter.toMessage())
    const merkleblock = await answerTo(peer, filteredBlock(hash), 'merkleblock')
    expect(merkleblock.totalTransactions).toBe(13)
    expect(verifyMerkleBlock(merkleblock).map(({ index }) => index)).toEqual([2, 5, 8, 12])
    const wanted = ids([byTxid, byOutpoint, byKeyHash, byScript].map(({ tx }) => tx))
    expect(await matchesIn(peer, hash)).toEqual(wanted)

    const own = filterBlock(await blockOf(hash), tx => filter.matchAndUpdate(tx))
    expect(bytesToHex(encodeMessage(own.merkleBlock))).toBe(bytesToHex(encodeMessage(merkleblock)))
    expect(ids(own.transactions)).toEqual(wanted)
    expect(node().offences()).toEqual([])
  })

  it.each([
    ['none', false],
    ['all', true],
    ['publicKeyOnly', false],
  ] as const)('with update %s follow an output that they matched: %s', async (update, follows) => {
    const { tx, n } = await spend()
    const paying = await mineBlock(node(), [tx])
    const coin = coinOf(tx, 0, { witness: [alwaysTrue(n)] })
    const scriptPubKey = payToKeyHash(keyHash(0))
    const spending = transfer([coin], [{ value: COIN, scriptPubKey }])
    const spent = await mineBlock(node(), [spending])

    const filter = newFilter(BloomUpdate[update])
    filter.insert(sha256(alwaysTrue(n)))
    await using peer = await dial(node().port)
    peer.send(filter.toMessage())
    expect(await matchesIn(peer, spent)).toEqual([])
    expect(await matchesIn(peer, paying)).toEqual(ids([tx]))
    expect(await matchesIn(peer, spent)).toEqual(follows ? ids([spending]) : [])

    expect(filter.matchAndUpdate(spending)).toBe(false)
    expect(filter.matchAndUpdate(tx)).toBe(true)
    expect(filter.matchAndUpdate(spending)).toBe(follows)
  })

  it('grow by filteradd and end by filterclear', async () => {
    const all = await spends(3)
    const [first, second, third] = all.map(({ tx }) => tx)
    if (!first || !second || !third) throw new Error('three transactions')
    const hash = await mineBlock(node(), [first, second, third])
    const filter = newFilter()
    filter.insert(second.txid)
    await using peer = await dial(node().port)
    peer.send(filter.toMessage())
    expect(await matchesIn(peer, hash)).toEqual(ids([second]))
    peer.send({ command: 'filteradd', data: first.txid })
    expect(await matchesIn(peer, hash)).toEqual(ids([first, second]))
    peer.send(filter.toMessage())
    expect(await matchesIn(peer, hash)).toEqual(ids([second]))
    peer.send({ command: 'filterclear' })
    expect(await answersTo(peer, filteredBlock(hash), 'merkleblock', 'tx', 'block')).toEqual([])
    expect(node().offences()).toEqual([])
  })

  it('without any byte match everything, here and there', async () => {
    const all = await spends(2)
    const hash = await mineBlock(
      node(),
      all.map(({ tx }) => tx),
    )
    const filter = new BloomFilter({ filter: new Uint8Array(0), hashFunctions: 0, tweak: 0, flags: 0 })
    await using peer = await dial(node().port)
    peer.send(filter.toMessage())
    const block = await blockOf(hash)
    expect(await matchesIn(peer, hash)).toEqual(ids(block.transactions))
    expect(filterBlock(block, tx => filter.matchAndUpdate(tx)).transactions.length).toBe(3)
  })

  it('decide what is announced, and what mempool lists', async () => {
    await using peer = await open(tcp({ host: node().host, port: node().trustedPort }), {
      ...asNode,
      relay: false,
    })
    await handled(peer)
    expect(await node().peers()).toMatchObject([{ relaytxes: false }])
    const announced = new Set<string>()
    peer.on('inv').subscribe(({ inventory }) => {
      for (const { hash } of inventory) announced.add(toHex(hash))
    })
    const inv = (tx: Transaction) =>
      eventually('an inv of the transaction', async () => announced.has(toHex(tx.wtxid)) || undefined)

    const [other, wanted, later] = (await spends(3)).map(({ tx }) => tx)
    if (!other || !wanted || !later) throw new Error('three transactions')
    const filter = newFilter()
    filter.insert(wanted.txid)
    peer.send(filter.toMessage())
    await handled(peer)
    expect(await node().peers()).toMatchObject([{ relaytxes: true }])
    await toMempool(other)
    await toMempool(wanted)
    await inv(wanted)
    expect(announced).not.toContain(toHex(other.wtxid))

    // What was announced already is listed again.
    announced.clear()
    peer.send({ command: 'mempool' })
    await inv(wanted)
    expect(announced).not.toContain(toHex(other.wtxid))

    peer.send({ command: 'filterclear' })
    await handled(peer)
    await toMempool(later)
    await inv(later)
    announced.clear()
    peer.send({ command: 'mempool' })
    await inv(other)
    for (const { wtxid } of [wanted, later]) expect(announced).toContain(toHex(wtxid))
    expect(node().offences()).toEqual([])
  })
})
