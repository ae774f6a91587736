// Back-pressure: a handler that takes its time, and asks the peer whose message it is handling.
// Run: npm run example examples/slow-handler.ts
import { catchError, delay, last, map, mergeMap, of, switchMap, take, tap, toArray } from 'rxjs'
import {
  connect,
  consume,
  getHeaders,
  type HeaderChain,
  InventoryType,
  type Peer,
  regtest,
  syncHeaders,
} from 'rxpeer'
import { buildTransaction, embeddedNode } from 'rxpeer/testing'
import type { Block, Hash } from 'rxpeer/wire'

const BLOCKS = 9

/** A node with blocks of a megabyte. */
const node = embeddedNode({ blocks: 0 })
const large = buildTransaction({ outputs: [{ value: 1n, scriptPubKey: new Uint8Array(1_000_000) }] })
for (let i = 0; i < BLOCKS; i += 1) node.mine(1, { transactions: [large] })

const hashesOf = (chain: HeaderChain) =>
  Array.from({ length: BLOCKS }, (_, i) => chain.hashAt(i + 1)).filter(hash => hash !== undefined)

/** All at once, and not in windows as `getBlocks` does: so they pile up. */
function askForAll(peer: Peer, hashes: readonly Hash[]): void {
  const inventory = hashes.map(hash => ({ type: InventoryType.witnessBlock, hash }))
  peer.send({ command: 'getdata', inventory })
}

let mostHeld = 0
let mostWaiting = 0

/** Slow work on a block, in the middle of which the peer is asked how many headers are behind it. */
const handle = (peer: Peer, block: Block) =>
  getHeaders(peer, [block.hash], { timeout: 5_000 }).pipe(
    delay(250),
    map(({ length }) => length),
    tap(() => {
      const { held, queue } = peer.stats().memory
      mostHeld = Math.max(mostHeld, held)
      mostWaiting = Math.max(mostWaiting, queue)
    }),
    // An answer overtakes what waits for handlers. Where so much waits that nothing is read, it times out instead.
    catchError(error => {
      console.error(error)
      return of(0)
    }),
  )

/** By default handlers hold 5 MB before further messages wait for them, and 5 MB wait before nothing more is read. */
connect(node.dial, { network: regtest })
  .pipe(
    mergeMap(peer =>
      syncHeaders(peer).pipe(
        last(),
        tap(({ chain }) => askForAll(peer, hashesOf(chain))),
        switchMap(() => peer.on('block')),
        // One at a time.
        consume(peer, ({ block }) => handle(peer, block)),
      ),
    ),
    take(BLOCKS),
    toArray(),
  )
  .subscribe({
    next: behind => {
      console.log(`headers behind each block: ${behind.join(' ')}`)
      console.log(`held never more than 6 MB: ${mostHeld < 6_500_000}; some had to wait: ${mostWaiting > 0}`)
    },
    error: error => console.error(error),
  })
