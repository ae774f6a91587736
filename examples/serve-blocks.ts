// A server that makes its answers as fast as the client reads them: a behavior that gives a generator.
// Run: npm run example examples/serve-blocks.ts
import { count, map, mergeMap, Observable, shareReplay, take, tap, timer } from 'rxjs'
import { acceptEach, connect, consume, createNonces, InventoryType, regtest, Services, toHex } from 'rxpeer'
import type { Behavior } from 'rxpeer/behaviors'
import { listen, tcp } from 'rxpeer/node'
import { buildBlock, buildTransaction } from 'rxpeer/testing'

const ASKED = 40

/** A block of a megabyte, and where it is found; a server of yours has many, on a disk. */
const large = buildTransaction({ outputs: [{ value: 1n, scriptPubKey: new Uint8Array(1_000_000) }] })
const block = buildBlock({ transactions: [large] })
const blocks = new Map([[toHex(block.hash), block]])

let made = 0

/** However much a remote asks for, the next block is made only while less than 1 MB of answers waits to be written. */
const serveBlocks: Behavior = ({ on }) =>
  on('getdata').pipe(
    map(function* ({ inventory }) {
      for (const { type, hash } of inventory) {
        const found = type === InventoryType.witnessBlock ? blocks.get(toHex(hash)) : undefined
        if (found === undefined) continue
        made += 1
        yield { command: 'block', block: found } as const
      }
    }),
  )

/** Serves until unsubscribed; emits where it listens. */
const server$ = new Observable<number>(subscriber =>
  listen({ port: 0, listening: ({ port }) => subscriber.next(port) })
    .pipe(
      acceptEach({
        network: regtest,
        services: Services.network | Services.witness,
        behaviors: { serveBlocks },
        nonces: createNonces(),
        failed: ({ code }) => console.log(`server: a peer ended: ${code}`),
      }),
    )
    .subscribe({ error: error => subscriber.error(error) }),
)

/** The client is busy for a second; meanwhile 5 MB are held, 5 MB wait for it, and what is above stays with the server. */
const busy$ = timer(1_000).pipe(
  tap(() =>
    console.log(`while the client was busy the server made less than ${ASKED} blocks: ${made < ASKED}`),
  ),
  shareReplay({ bufferSize: 1, refCount: true }),
)

server$
  .pipe(
    mergeMap(port => connect(tcp({ host: '127.0.0.1', port }), { network: regtest, nonces: createNonces() })),
    mergeMap(peer => {
      const entry = { type: InventoryType.witnessBlock, hash: block.hash }
      peer.send({ command: 'getdata', inventory: Array.from({ length: ASKED }, () => entry) })
      return peer.on('block').pipe(consume(peer, () => busy$))
    }),
    take(ASKED),
    count(),
  )
  .subscribe({
    next: handled => console.log(`client: ${handled} blocks, server: ${made}`),
    error: error => console.error(error),
  })
