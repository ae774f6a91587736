import { scryptSync } from 'node:crypto'
import { Subject, type Subscription } from 'rxjs'
import { type Endpoint, open, type PeerError, toHex } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { type EmbeddedNode, embeddedNode } from 'rxpeer/testing'
import {
  Block,
  type BlockHeader,
  bytesToHex,
  FilterType,
  filterHeader,
  type Hash,
  hexToBytes,
  zeroHash,
} from 'rxpeer/wire'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { answersTo, answerTo } from './asking.js'
import { alwaysTrue, COIN, coinOf, payToWitnessScript, transfer } from './coins.js'
import { describeLitecoind, type Litecoind, litecoinRegtest } from './litecoind.js'
import { payToOpTrue } from './peers.js'
import { eventually, within } from './waiting.js'

/** What must meet the target of a litecoin header. */
const scrypt = ({ bytes }: BlockHeader) => scryptSync(bytes, bytes, 32, { N: 1024, r: 1, p: 1 })

/** The block that halves the subsidy on regtest is the last. */
const BLOCKS = 150

/** An embedded node that litecoind takes for one of its own. */
async function litecoinNode(litecoind: Litecoind): Promise<EmbeddedNode> {
  const first = await litecoind.rpc<string>('getblockhash', 0)
  const genesis = Block.decode(hexToBytes(await litecoind.rpc<string>('getblock', first, 0)))
  return embeddedNode({ network: litecoinRegtest, genesis, powHash: scrypt, blocks: BLOCKS })
}

/** Waits until litecoind has the chain of the node, all blocks of it. */
function synced(litecoind: Litecoind, node: EmbeddedNode): Promise<true> {
  const tip = toHex(node.tip.hash)
  return eventually(
    `litecoind at ${node.height}`,
    async () => ((await litecoind.rpc<string>('getbestblockhash')) === tip ? true : undefined),
    30_000,
  )
}

describeLitecoind('an embedded node that litecoind syncs from', litecoind => {
  let node: EmbeddedNode
  let serving: Subscription
  const errors: unknown[] = []

  // Each test with a chain of its own, on which litecoind was never: it is to come from nothing.
  beforeEach(async () => {
    node = await litecoinNode(litecoind())
    errors.length = 0
  })

  afterEach(async () => {
    serving.unsubscribe()
    const first = await litecoind().rpc<string>('getblockhash', 1)
    await litecoind().rpc('invalidateblock', first)
    expect(await litecoind().rpc<number>('getblockcount')).toBe(0)
    expect(errors).toEqual([])
  })

  const failed = (error: PeerError) => errors.push(error)

  it('serves its chain to a litecoind that it has dialled, reorganises and relays', async () => {
    serving = node
      .connect(tcp({ host: litecoind().host, port: litecoind().port }))
      .subscribe({ error: failed })
    await synced(litecoind(), node)
    expect(node.height).toBe(BLOCKS)

    node.spend()
    node.mine()
    await synced(litecoind(), node)

    const { disconnected } = node.reorganise({ depth: 3 })
    await synced(litecoind(), node)
    const tips = await litecoind().rpc<{ hash: string; status: string }[]>('getchaintips')
    expect(tips).toContainEqual(
      expect.objectContaining({ hash: toHex(disconnected[0]!.hash), status: 'valid-fork' }),
    )
    // The spend waits again, and is mined with what is mined now.
    expect(node.mempool).toHaveLength(1)
    const [mined] = node.mine()
    expect(mined?.transactions).toHaveLength(2)
    await synced(litecoind(), node)
    expect(await litecoind().rpc<string>('getblock', toHex(node.tip.hash), 0)).toBe(bytesToHex(mined!.bytes))
  })

  it('serves its chain to a litecoind that has dialled it', async () => {
    const listening = new Subject<Endpoint>()
    const endpoint = within('the endpoint', listening)
    serving = node
      .serve(listen({ port: 0, listening: at => listening.next(at) }))
      .subscribe({ error: failed })
    const { host, port } = await endpoint
    await litecoind().rpc('addnode', `${host}:${port}`, 'onetry')
    await synced(litecoind(), node)
    expect(node.height).toBe(BLOCKS)
    expect(node.peers.map(({ direction }) => direction)).toEqual(['inbound'])
  })

  it('makes the compact filters that litecoind makes', async () => {
    // A script that only one output has: it comes into the filter of the block that spends it by the spending alone.
    const script = alwaysTrue(7)
    const paid = node.spend({ outputs: [{ value: COIN, scriptPubKey: payToWitnessScript(script) }] })
    node.mine()
    const coin = coinOf(paid, 0, { witness: [script] })
    const spend = transfer([coin], [{ value: COIN - 1_000n, scriptPubKey: payToOpTrue }])
    expect(node.submit(spend)).toBe('accepted')
    node.mine()
    serving = node
      .connect(tcp({ host: litecoind().host, port: litecoind().port }))
      .subscribe({ error: failed })
    await synced(litecoind(), node)
    await using peer = await open(node.dial, { network: litecoinRegtest })
    const range = { filterType: FilterType.basic, startHeight: 0, stop: node.tip.hash }
    const cfilters = await answersTo(peer, { command: 'getcfilters', ...range }, 'cfilter')
    const { filterHashes } = await answerTo(peer, { command: 'getcfheaders', ...range }, 'cfheaders')
    let header: Hash = zeroHash
    const headers = Array.from(filterHashes, hash => {
      header = filterHeader(hash, header)
      return toHex(header)
    })

    const theirs = await eventually('filters of litecoind', async () => {
      try {
        const calls = Array.from(node.blocks, ({ hash }) => [toHex(hash)])
        return await litecoind().rpcEach<{ filter: string; header: string }>('getblockfilter', calls)
      } catch {
        return undefined // still being indexed
      }
    })
    expect(cfilters.map(({ filter }) => bytesToHex(filter))).toEqual(theirs.map(({ filter }) => filter))
    expect(headers).toEqual(theirs.map(each => each.header))
    expect(theirs).toHaveLength(BLOCKS + 3)
  })
})
