import {
  defer,
  EMPTY,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  type Observable,
  ReplaySubject,
  retry,
  Subscription,
  switchMap,
  take,
  tap,
  throwError,
  toArray,
} from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { consume } from '../../src/peer/consume.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import { broadcast } from '../../src/requests/broadcast.js'
import { fetchAnnounced } from '../../src/requests/fetch-announced.js'
import { getAddresses } from '../../src/requests/get-addresses.js'
import { getBlocks } from '../../src/requests/get-blocks.js'
import { getFilters } from '../../src/requests/get-filters.js'
import { getTransactions } from '../../src/requests/get-transactions.js'
import { HeaderChain } from '../../src/requests/header-chain.js'
import { pingOnce } from '../../src/requests/ping-once.js'
import type { RequestErrorCode } from '../../src/requests/request-error.js'
import { scanFilters } from '../../src/requests/scan-filters.js'
import { syncHeaders } from '../../src/requests/sync-headers.js'
import type { Dial, Endpoint } from '../../src/stream/connection.js'
import { buildAddress } from '../../src/testing/build.js'
import { type EmbeddedNode, embeddedNode } from '../../src/testing/embedded-node.js'
import type { Lie } from '../../src/testing/lies.js'
import { type Misbehaviour, misbehave } from '../../src/testing/misbehaviour.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { listen } from '../../src/transport/listen.js'
import { tcp } from '../../src/transport/tcp.js'
import { equalBytes, toHex } from '../../src/wire/hex.js'
import type { MessageOf } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { Services } from '../../src/wire/services.js'
import { blockAt } from '../support/embedded.js'
import { eventually } from '../support/eventually.js'

const BLOCKS = 120
const options = (): PeerOptions => ({
  network: regtest,
  nonces: createNonces(),
  trickleInterval: 20,
})

describe.each(['memory', 'TCP'])('requests to an embedded node over %s', way => {
  let node: EmbeddedNode
  let dial: Dial
  let serving = new Subscription()

  beforeEach(async () => {
    node = embeddedNode({
      blocks: BLOCKS,
      random: seededRandom(1),
      services: Services.network | Services.witness | Services.compactFilters,
      addresses: [buildAddress('192.0.2.7'), buildAddress('192.0.2.8')],
      peer: { trickleInterval: 20 },
    })
    dial = await dialWith()
  })
  afterEach(() => {
    serving.unsubscribe()
    serving = new Subscription()
  })

  /** A way to the node, which misbehaves on it by a script. */
  async function dialWith(...script: readonly Misbehaviour[]): Promise<Dial> {
    if (way === 'memory') return node.dialWith(...script)
    const listening$ = new ReplaySubject<Endpoint>(1)
    const connections$ = listen({ port: 0, listening: endpoint => listening$.next(endpoint) })
    const served$ = node.serve(connections$.pipe(map(connection => misbehave(connection, script))))
    serving.add(served$.subscribe({ error: console.error }))
    return tcp(await firstValueFrom(listening$))
  }

  const hashes = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => blockAt(node, from + i).hash)

  it('syncHeaders follows a reorganisation', async () => {
    await using peer = await open(dial, options())
    const chain = new HeaderChain(regtest)
    await lastValueFrom(syncHeaders(peer, chain))
    expect(chain.height).toBe(BLOCKS)
    node.reorganise({ depth: 7, length: 9 })
    const pages = await lastValueFrom(syncHeaders(peer, chain).pipe(toArray()))
    expect(pages.map(({ added, replaced, height, goal }) => ({ added, replaced, height, goal }))).toEqual([
      { added: 9, replaced: 7, height: BLOCKS + 2, goal: BLOCKS + 2 },
    ])
    expect(toHex(chain.tip.hash)).toBe(toHex(node.tip.hash))
  })

  it('getBlocks fetches them in the order that it is given', async () => {
    await using peer = await open(dial, options())
    const wanted = hashes(1, 50).reverse()
    const got = await lastValueFrom(getBlocks(peer, wanted).pipe(toArray()))
    expect(got.map(({ hash }) => toHex(hash))).toEqual(wanted.map(toHex))
  })

  it('getFilters checks them all, and scanFilters finds the block that pays to a script', async () => {
    const script = Uint8Array.of(0x51, 0x52, 0x53)
    node.spend({ outputs: [{ value: 1_000n, scriptPubKey: script }] })
    node.mine(3)
    await using peer = await open(dial, options())
    const chain = new HeaderChain(regtest)
    await lastValueFrom(syncHeaders(peer, chain))
    const found = await lastValueFrom(getFilters(peer, chain, { start: 0 }).pipe(toArray()))
    expect(found.map(({ height }) => height)).toEqual(Array.from({ length: BLOCKS + 4 }, (_, i) => i))
    const matches = await lastValueFrom(
      scanFilters(peer, chain, { start: 0 }, [script]).pipe(
        map(({ height, block }) => [height, toHex(block.hash)]),
        toArray(),
      ),
    )
    expect(matches).toEqual([[BLOCKS + 1, toHex(blockAt(node, BLOCKS + 1).hash)]])
  })

  it('broadcast tells which of several peers fetched the transaction, and the node has it', async () => {
    const other = embeddedNode({ random: seededRandom(1), blocks: BLOCKS, peer: { trickleInterval: 20 } })
    await using here = await open(dial, options())
    await using there = await open(other.dial, options())
    const transaction = node.prepare()
    const events = await lastValueFrom(broadcast([here, there], transaction).pipe(take(2), toArray()))
    expect(new Set(events.map(({ peer }) => peer.id))).toEqual(new Set([here.id, there.id]))
    expect(events.map(({ kind }) => kind)).toEqual(['fetched', 'fetched'])
    await eventually(() => node.mempool.length === 1)
    expect(toHex(node.mempool[0]?.wtxid ?? new Uint8Array(0))).toBe(toHex(transaction.wtxid))
  })

  it('fetchAnnounced brings what is announced, and getTransactions what waits', async () => {
    await using peer = await open(dial, options())
    await eventually(() => node.peers.length === 1)
    const fetched$ = new ReplaySubject<MessageOf<'block' | 'tx'>>()
    fetchAnnounced(peer, 'block', 'tx').pipe(take(2)).subscribe(fetched$)
    const transaction = node.spend()
    await firstValueFrom(fetched$)
    const again = await firstValueFrom(getTransactions(peer, 'wtxid', [transaction.wtxid]))
    expect(toHex(again.wtxid)).toBe(toHex(transaction.wtxid))
    const [mined] = node.mine()
    // The transaction once, for all that it came twice.
    expect(
      (await lastValueFrom(fetched$.pipe(toArray()))).map(message =>
        toHex(message.command === 'tx' ? message.transaction.wtxid : message.block.hash),
      ),
    ).toEqual([toHex(transaction.wtxid), mined && toHex(mined.hash)])
  })

  const questions: Record<string, (peer: Peer) => Observable<unknown>> = {
    headers: (peer: Peer) => syncHeaders(peer),
    blocks: (peer: Peer) => getBlocks(peer, hashes(1, 5)),
    transactions: (peer: Peer) => getTransactions(peer, 'wtxid', [node.spend().wtxid]),
  }

  it.each<[Lie, string, RequestErrorCode]>([
    ['detached-headers', 'headers', 'unanswered'],
    ['headers-without-work', 'headers', 'bad-answer'],
    ['other-block', 'blocks', 'unanswered'],
    ['tampered-block', 'blocks', 'bad-answer'],
    ['nothing-found', 'blocks', 'not-found'],
    ['other-transaction', 'transactions', 'unanswered'],
  ])('the lie "%s" about %s is found out at once: %s', async (about, asked, code) => {
    await using peer = await open(await dialWith({ does: 'lie', about }), options())
    // At once: the timeout of a request is 30 s and more, that of this test 5.
    const answer$ = questions[asked]?.(peer) ?? EMPTY
    await expect(lastValueFrom(answer$)).rejects.toMatchObject({ name: 'RequestError', code })
  })

  it('pingOnce and getAddresses are answered', async () => {
    await using peer = await open(dial, options())
    expect(await firstValueFrom(pingOnce(peer))).toBeGreaterThanOrEqual(0)
    expect(await firstValueFrom(getAddresses(peer))).toHaveLength(2)
  })

  it('a handler that awaits another request of the same peer under consume finishes', async () => {
    await using peer = await open(dial, options())
    const wanted = hashes(1, 20)
    const asking = lastValueFrom(
      peer.on('block').pipe(
        take(wanted.length),
        consume(peer, async ({ block }) => {
          const before = await firstValueFrom(getBlocks(peer, [block.header.previousBlock]))
          await firstValueFrom(pingOnce(peer))
          return equalBytes(before.hash, block.header.previousBlock)
        }),
        toArray(),
      ),
    )
    peer.send({ command: 'getdata', inventory: wanted.map(hash => ({ type: 0x4000_0002, hash })) })
    expect(await asking).toEqual(wanted.map(() => true))
  })

  it('a server that dies in the middle of toArray() inside switchMap: no value, a typed code, one redial', async () => {
    let dials = 0
    const codes: string[] = []
    const values: unknown[] = []
    const counted = defer(() => {
      dials += 1
      return dials > 2 ? throwError(() => new Error('a second redial')) : dial
    })
    const result = await firstValueFrom(
      connect(counted, options()).pipe(
        switchMap(peer =>
          getBlocks(peer, hashes(1, 60)).pipe(
            tap(block => {
              if (dials === 1 && equalBytes(block.hash, blockAt(node, 20).hash)) {
                for (const server of node.peers) server.disconnect('died')
              }
            }),
            toArray(),
          ),
        ),
        tap(list => values.push(list)),
        retry({
          count: 1,
          delay: (error: unknown) => {
            codes.push(error instanceof PeerError ? error.code : `untyped: ${error}`)
            return from([0])
          },
        }),
      ),
    )
    expect(codes).toEqual(['remote-closed'])
    expect(dials).toBe(2)
    expect(result).toHaveLength(60)
    expect(values).toEqual([result])
  })
})
