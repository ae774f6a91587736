import { scryptSync } from 'node:crypto'
import { count, lastValueFrom, map, tap, toArray } from 'rxjs'
import {
  broadcast,
  fromHex,
  getBlocks,
  getFilters,
  getHeaders,
  HeaderChain,
  type HeadersProgress,
  open,
  type Peer,
  scanFilters,
  syncHeaders,
  toHex,
} from 'rxpeer'
import { tcp } from 'rxpeer/node'
import { type BlockHeader, bytesToHex, equalBytes, type Hash, hexToBytes } from 'rxpeer/wire'
import { beforeAll, expect, it } from 'vitest'
import { mineBlock } from './asking.js'
import { alwaysTrue, COIN, coinbaseCoin, coinOf, payToWitnessScript, transfer } from './coins.js'
import { interlude } from './interlude.js'
import { describeLitecoind, litecoinRegtest } from './litecoind.js'
import { asNode, payToOpTrue, spendCoinbase } from './peers.js'
import { eventually, within } from './waiting.js'

/** Blocks of the chain at the beginning. */
const BLOCKS = 2_254

/** Blocks that a small reorganisation replaces. */
const REPLACED = 3

/** A taproot output whose tree has one leaf, the script that is always true, and what spends it: script, control block. */
const taproot = {
  scriptPubKey: hexToBytes('5120f855ca43402fb99cde0e3e634b175642561ff584fe76d1686630d8fd2ea93b36'),
  script: hexToBytes('51'),
  controlBlock: hexToBytes('c150929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0'),
}

/** Bytes that mean nothing, as many as a block can hold (BIP341). */
const annex = new Uint8Array(3_890_000).fill(0xa5)
annex[0] = 0x50

/** Litecoin's hash of work. */
const scrypt = ({ bytes }: BlockHeader): Hash => scryptSync(bytes, bytes, 32, { N: 1024, r: 1, p: 1 })

describeLitecoind('requests to litecoind', node => {
  const dial = () => open(tcp(node()), asNode)
  const chain = new HeaderChain(litecoinRegtest, { powHash: scrypt })
  const paid = payToWitnessScript(alwaysTrue(77))
  /** The hash of the block with the annex, display hex, and its height. */
  let big = ''
  let bigHeight = 0
  let reorganised = 0
  let stale: string | undefined

  const mineTo = async (height: number) => {
    for (;;) {
      const missing = height - (await node().rpc<number>('getblockcount'))
      if (missing <= 0) return
      await node().mine(Math.min(missing, 400))
    }
  }
  const told = (from: number, to: number): Promise<string[]> =>
    node().rpcEach(
      'getblockhash',
      Array.from({ length: to - from + 1 }, (_, i) => [from + i]),
    )
  const known = (from: number, to: number): Hash[] =>
    Array.from({ length: to - from + 1 }, (_, i) => chain.hashAt(from + i) ?? new Uint8Array(32))

  beforeAll(async () => {
    await mineTo(110)
    const funding = transfer(
      [await coinbaseCoin(node(), 1)],
      [
        { value: COIN, scriptPubKey: taproot.scriptPubKey },
        { value: COIN, scriptPubKey: paid },
      ],
    )
    await mineBlock(node(), [funding])
    const spend = transfer(
      [coinOf(funding, 0, { witness: [taproot.script, taproot.controlBlock, annex] })],
      [{ value: COIN, scriptPubKey: payToOpTrue }],
    )
    big = await mineBlock(node(), [spend])
    bigHeight = await node().rpc<number>('getblockcount')
    await mineTo(BLOCKS)
  }, 120_000)

  /** Replaces the last blocks by one more of others, however many that were. */
  async function reorganise(replaced: number): Promise<void> {
    const height = await node().rpc<number>('getblockcount')
    const [fork] = await told(height - replaced + 1, height - replaced + 1)
    // The one that was replaced before would be the best now.
    if (stale !== undefined) await node().rpc('invalidateblock', stale)
    stale = fork
    await node().rpc('invalidateblock', fork)
    // To another address each time, or the very same blocks could come again: OP_2, OP_3 …
    reorganised += 1
    const script = (0x51 + reorganised).toString(16)
    const { segwit } = await node().rpc<{ segwit: { addresses: string[] } }>('decodescript', script)
    await node().mine(replaced + 1, segwit.addresses[0])
    // Good blocks still, beside the chain: a node serves those.
    await node().rpc('reconsiderblock', fork)
    expect(await node().rpc<number>('getblockcount')).toBe(height + 1)
  }

  it('syncHeaders follows the chain through reorganisations between two pages, and between two syncs', async () => {
    const figures = ({ added, replaced, height }: HeadersProgress) => [added, replaced, height]
    // The first page ends at 2,000; six of its headers are gone when the second is asked for.
    const before = await told(0, BLOCKS)
    const way = { command: 'getheaders', nth: 2 } as const
    await using peer = await open(
      interlude(tcp(node()), way, () => reorganise(BLOCKS - 1_994)),
      asNode,
    )
    const pages = await lastValueFrom(syncHeaders(peer, chain).pipe(toArray()))
    expect(pages.map(figures)).toEqual([
      [2_000, 0, 2_000],
      [261, 6, BLOCKS + 1],
    ])
    await reorganise(REPLACED)
    const after = await lastValueFrom(syncHeaders(peer, chain).pipe(toArray()))
    expect(after.map(figures)).toEqual([[REPLACED + 1, REPLACED, BLOCKS + 2]])
    expect(known(0, BLOCKS + 2).map(toHex)).toEqual(await told(0, BLOCKS + 2))
    expect(before.filter(hash => chain.heightOf(fromHex(hash)) === undefined)).toEqual(before.slice(1_995))
  }, 60_000)

  it('questions for headers and filters that are open together get their own answers', async () => {
    await using peer = await dial()
    // Given up at once: its answer comes all the same, and is empty.
    getHeaders(peer, [known(chain.height, chain.height)[0] ?? new Uint8Array(32)])
      .subscribe()
      .unsubscribe()
    const [single, pages, all, some] = await Promise.all([
      lastValueFrom(getHeaders(peer, [], { stop: fromHex(big) })),
      lastValueFrom(syncHeaders(peer, new HeaderChain(litecoinRegtest, { powHash: scrypt }))),
      lastValueFrom(getFilters(peer, chain, { start: 2_000 }).pipe(count())),
      lastValueFrom(getFilters(peer, chain, { start: 2_100 }).pipe(count())),
    ])
    expect(Array.from(single, ({ hash }) => toHex(hash))).toEqual([big])
    expect(pages.height).toBe(chain.height)
    expect([all, some]).toEqual([chain.height - 1_999, chain.height - 2_099])
    expect(node().offences()).toEqual([])
  })

  it('getBlocks fetches the whole chain in order, the block of 3.9 MB too, and what is replaced meanwhile', async () => {
    const way = { command: 'getdata', nth: 20 } as const
    await using peer = await open(
      interlude(tcp(node()), way, () => reorganise(REPLACED)),
      asNode,
    )
    let size = 0
    const hashes = await lastValueFrom(
      getBlocks(peer, known(1, chain.height)).pipe(
        tap(({ hash, bytes }) => {
          if (toHex(hash) === big) size = bytes.length
        }),
        map(({ hash }) => toHex(hash)),
        toArray(),
      ),
    )
    expect(hashes).toEqual(known(1, chain.height).map(toHex))
    expect(size).toBeGreaterThan(3_890_000)
    await lastValueFrom(syncHeaders(peer, chain))
    expect(await told(chain.height, chain.height)).toEqual([toHex(chain.tip.hash)])
    expect(hashes.map(fromHex).filter(each => chain.heightOf(each) === undefined)).toHaveLength(REPLACED)
  })

  it('getFilters fetches and checks the filters of all blocks, those too that are replaced meanwhile', async () => {
    const way = { command: 'getcfilters', nth: 2 } as const
    const wanted = known(0, chain.height)
    await using peer = await open(
      interlude(tcp(node()), way, () => reorganise(REPLACED)),
      asNode,
    )
    const found = await lastValueFrom(getFilters(peer, chain, { start: 0 }).pipe(toArray()))
    expect(found.map(({ height }) => height)).toEqual(wanted.map((_, height) => height))
    const heights = [0, bigHeight, 1_000, 2_000, chain.height]
    const filters = await node().rpcEach<{ filter: string; header: string }>(
      'getblockfilter',
      heights.map(height => [toHex(known(height, height)[0] ?? new Uint8Array(32))]),
    )
    expect(
      heights.map(height => ({
        filter: bytesToHex(found[height]?.filter.bytes ?? new Uint8Array(0)),
        header: toHex(found[height]?.header ?? new Uint8Array(32)),
      })),
    ).toEqual(filters.map(({ filter, header }) => ({ filter, header })))
    expect(await told(chain.height, chain.height)).not.toEqual([toHex(chain.tip.hash)])
  })

  it('scanFilters finds the block that pays to a script', async () => {
    await using peer = await dial()
    const matches = await lastValueFrom(
      scanFilters(peer, chain, { start: 100, end: 300 }, [paid]).pipe(
        map(({ height, block }) => ({
          height,
          pays: Array.from(block.transactions).some(({ outputs }) =>
            outputs.some(({ scriptPubKey }) => equalBytes(scriptPubKey, paid)),
          ),
        })),
        toArray(),
      ),
    )
    // Others match by chance, one in 784,931.
    expect(matches.filter(({ pays }) => pays)).toEqual([{ height: bigHeight - 1, pays: true }])
  })

  it('broadcast hands a transaction to the node, which has it then', async () => {
    const hasty = () => open(tcp(node()), { ...asNode, trickleInterval: 200 })
    await using first = await hasty()
    await using second = await hasty()
    const transaction = await spendCoinbase(node(), 3)
    const event = await within('the transaction was fetched', broadcast([first, second], transaction), 30_000)
    expect(event.kind).toBe('fetched')
    const peers: readonly Peer[] = [first, second]
    expect(peers).toContain(event.peer)
    const txid = toHex(transaction.txid)
    const mempool = await eventually('the mempool has it', async () => {
      const txids = await node().rpc<string[]>('getrawmempool')
      return txids.includes(txid) ? txids : undefined
    })
    expect(mempool).toEqual([txid])
    expect(node().offences()).toEqual([])
  })
})
