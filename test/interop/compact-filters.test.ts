import { fromHex, open, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import {
  Block,
  BlockFilter,
  bytesToHex,
  CFCHECKPT_INTERVAL,
  FilterType,
  filterHeader,
  type Hash,
  hexToBytes,
  MAX_CFHEADERS,
  MAX_GETCFILTERS,
  sha256,
  sha256d,
  zeroHash,
} from 'rxpeer/wire'
import { beforeAll, describe, expect, it } from 'vitest'
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
import { asNode, handled, opTrue, payToOpTrue } from './peers.js'
import { within } from './waiting.js'

/** Of `getblockfilter`. */
interface RpcFilter {
  readonly filter: string
  /** In display hex. */
  readonly header: string
}

const filterType = FilterType.basic
const nothing = new Uint8Array(0)

describeLitecoind('compact filters of litecoind', node => {
  const dial = () => open(tcp({ host: node().host, port: node().port }), asNode)

  /** By height, from 0 on: hashes in display hex, blocks, what the node says of their filters. */
  let hashes: readonly string[] = []
  let blocks: readonly Block[] = []
  let told: readonly RpcFilter[] = []
  /** The heights of the blocks with all kinds of scripts. */
  let special: readonly number[] = []
  const at = (height: number): Hash => fromHex(hashes[height] ?? '')

  /** A block that spends a coinbase to all kinds of scripts, and one that spends these. */
  async function mineSpecial(): Promise<void> {
    const coin = await coinbaseCoin(node(), 1)
    const scripts = [
      payToWitnessScript(alwaysTrue(1)),
      nothing,
      Uint8Array.of(0x51),
      payToOpTrue,
      payToOpTrue,
      // OP_RETURN, alone and with data: not in the filter.
      Uint8Array.of(0x6a),
      Uint8Array.of(0x6a, 0x04, 1, 2, 3, 4),
      // A script that ends inside a push is in the filter all the same.
      Uint8Array.of(0x4c, 0xff, 0x00),
      new Uint8Array(9_000).fill(0x61),
      ...Array.from({ length: 300 }, (_, i) =>
        payToKeyHash(sha256(Uint8Array.of(i & 0xff, i >> 8)).subarray(0, 20)),
      ),
    ]
    const many = transfer(
      [coin],
      scripts.map(scriptPubKey => ({ value: COIN / 100n, scriptPubKey })),
    )
    const inside = transfer(
      [
        coinOf(many, 1, { scriptSig: Uint8Array.of(0x51), witness: [] }),
        coinOf(many, 3, { witness: [opTrue] }),
      ],
      [{ value: COIN / 100n, scriptPubKey: payToWitnessScript(alwaysTrue(2)) }],
    )
    const later = transfer(
      [
        coinOf(many, 0, { witness: [alwaysTrue(1)] }),
        coinOf(many, 2, { witness: [] }),
        coinOf(inside, 0, { witness: [alwaysTrue(2)] }),
      ],
      [{ value: COIN / 100n, scriptPubKey: payToWitnessScript(alwaysTrue(3)) }],
    )
    await mineBlock(node(), [many, inside])
    await mineBlock(node(), [later])
    const height = await node().rpc<number>('getblockcount')
    special = [height - 1, height]
  }

  beforeAll(async () => {
    await node().mine(120)
    await mineSpecial()
    for (;;) {
      const height = await node().rpc<number>('getblockcount')
      if (height > MAX_CFHEADERS) break
      await node().mine(Math.min(200, MAX_CFHEADERS + 1 - height))
    }
    const heights = Array.from({ length: MAX_CFHEADERS + 2 }, (_, height) => [height])
    hashes = await node().rpcEach<string>('getblockhash', heights)
    const raw = await node().rpcEach<string>(
      'getblock',
      hashes.map(hash => [hash, 0]),
    )
    blocks = raw.map(hex => Block.decode(hexToBytes(hex)))
    // Answered only when the node has indexed them all.
    told = await node().rpcEach<RpcFilter>(
      'getblockfilter',
      hashes.map(hash => [hash]),
    )
  }, 120_000)

  /** The scripts that the transactions of a block spend, looked up in the blocks that paid to them. */
  const outputs = new Map<string, Uint8Array>()
  function spentScripts({ transactions }: Block): Uint8Array[] {
    const spent: Uint8Array[] = []
    for (const tx of transactions) {
      tx.outputs.forEach(({ scriptPubKey }, i) => void outputs.set(`${toHex(tx.txid)}:${i}`, scriptPubKey))
      if (tx.isCoinbase) continue
      for (const { outpoint } of tx.inputs) {
        const script = outputs.get(`${toHex(outpoint.txid)}:${outpoint.index}`)
        if (!script) throw new Error('an output that no block before has')
        spent.push(script)
      }
    }
    return spent
  }

  it('are those that we make of the blocks and the scripts they spend', () => {
    let previous = zeroHash
    const ours = blocks.map(block => {
      const filter = BlockFilter.fromBlock(block, spentScripts(block))
      previous = filter.header(previous)
      return { filter: bytesToHex(filter.bytes), header: toHex(previous) }
    })
    expect(ours).toEqual(told)
    // 300 key hashes and six scripts, that of the coinbase among them; then that of the coinbase and one.
    const counts = blocks.map(block => BlockFilter.fromBlock(block, []).count)
    expect(special.map(height => counts[height])).toEqual([306, 2])
  })

  it('come one by one after getcfilters, and find the blocks of a script', async () => {
    await using peer = await dial()
    const ask = (startHeight: number, stop: number) =>
      answersTo(peer, { command: 'getcfilters', filterType, startHeight, stop: at(stop) }, 'cfilter')
    const first = await ask(0, MAX_GETCFILTERS - 1)
    const second = await ask(MAX_GETCFILTERS, 2 * MAX_GETCFILTERS - 1)
    const rest = await ask(2 * MAX_GETCFILTERS, MAX_CFHEADERS + 1)
    expect([first, second, rest].map(({ length }) => length)).toEqual([1000, 1000, 2])
    const all = [...first, ...second, ...rest]
    expect(all.map(({ blockHash }) => toHex(blockHash))).toEqual(hashes)
    expect(all.map(({ filter }) => bytesToHex(filter))).toEqual(told.map(({ filter }) => filter))
    expect(new Set(all.map(message => message.filterType))).toEqual(new Set([filterType]))

    const filters = all.map(({ blockHash, filter }) => BlockFilter.decode(blockHash, filter))
    const heightsOf = (...scripts: readonly Uint8Array[]) =>
      filters.flatMap((filter, height) => (filter.matchAny(scripts) ? [height] : []))
    const foreign = payToWitnessScript(alwaysTrue(4))
    expect(heightsOf(payToOpTrue)).toEqual(hashes.map((_, height) => height).slice(1))
    // Both are paid to in the one block and spent in the other.
    for (const n of [1, 2]) {
      expect(heightsOf(foreign, payToWitnessScript(alwaysTrue(n)))).toEqual(
        expect.arrayContaining([...special]),
      )
    }
    // By chance one block in 784,931 matches, so two of 2000 would be a wonder.
    expect(heightsOf(foreign).length).toBeLessThan(2)
    expect(heightsOf(payToWitnessScript(alwaysTrue(3))).length).toBeLessThan(3)
    expect(heightsOf(payToWitnessScript(alwaysTrue(3)))).toContain(special[1])
    expect(node().offences()).toEqual([])
  })

  it.each([
    [0, 1999],
    [1, 2000],
    [1500, 2001],
    [17, 17],
  ])('are linked by the headers of cfheaders: heights %i to %i', async (startHeight, stopHeight) => {
    await using peer = await dial()
    const stop = at(stopHeight)
    const answer = await answerTo(
      peer,
      { command: 'getcfheaders', filterType, startHeight, stop },
      'cfheaders',
    )
    expect(answer.filterType).toBe(filterType)
    expect(toHex(answer.stop)).toBe(toHex(stop))
    const before = startHeight === 0 ? zeroHash : fromHex(told[startHeight - 1]?.header ?? '')
    expect(toHex(answer.previousFilterHeader)).toBe(toHex(before))
    let header = answer.previousFilterHeader
    const headers = Array.from(answer.filterHashes, filterHash => {
      header = filterHeader(filterHash, header)
      return toHex(header)
    })
    expect(headers).toEqual(told.slice(startHeight, stopHeight + 1).map(told => told.header))
    const hashesOf = told
      .slice(startHeight, stopHeight + 1)
      .map(({ filter }) => toHex(sha256d(hexToBytes(filter))))
    expect(Array.from(answer.filterHashes, hash => toHex(hash))).toEqual(hashesOf)
  })

  it('have their headers listed by cfcheckpt', async () => {
    await using peer = await dial()
    const ask = async (height: number) => {
      const stop = at(height)
      const answer = await answerTo(peer, { command: 'getcfcheckpt', filterType, stop }, 'cfcheckpt')
      expect(answer.filterType).toBe(filterType)
      expect(toHex(answer.stop)).toBe(toHex(stop))
      return Array.from(answer.filterHeaders, header => toHex(header))
    }
    const headers = [1, 2].map(i => told[i * CFCHECKPT_INTERVAL]?.header)
    expect(await ask(CFCHECKPT_INTERVAL - 1)).toEqual([])
    expect(await ask(CFCHECKPT_INTERVAL)).toEqual(headers.slice(0, 1))
    expect(await ask(2 * CFCHECKPT_INTERVAL - 1)).toEqual(headers.slice(0, 1))
    expect(await ask(2 * CFCHECKPT_INTERVAL + 1)).toEqual(headers)
  })

  describe('end the connection when', () => {
    it.each([
      ['1001 filters', () => ({ command: 'getcfilters', startHeight: 1, stop: at(1001) }) as const],
      ['2001 filter headers', () => ({ command: 'getcfheaders', startHeight: 1, stop: at(2001) }) as const],
      ['a kind that nobody knows', () => ({ command: 'getcfcheckpt', filterType: 1, stop: at(1) }) as const],
    ])('%s are asked for', async (_, request) => {
      await using peer = await dial()
      await handled(peer)
      const closed = within('the end', peer.closed$)
      peer.send({ filterType, ...request() })
      expect((await closed).by).toBe('remote')
    })
  })
})
