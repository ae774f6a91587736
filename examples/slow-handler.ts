// Back-pressure: a handler that takes its time, and asks the peer whose message it is handling.
// Run: npm run example examples/slow-handler.ts
import { catchError, delay, last, map, mergeMap, of, switchMap, take, tap, toArray } from 'rxjs'
import { connect, consume, getHeaders, InventoryType, type Peer, regtest, syncHeaders } from 'rxpeer'
import { embeddedNode } from 'rxpeer/testing'
import type { Block, Hash } from 'rxpeer/wire'

const BLOCKS = 20
const node = embeddedNode({ blocks: BLOCKS })

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
    delay(5),
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

connect(node.dial, {
  network: regtest,
  // A quarter may be held by handlers, and a quarter waits for them. Ten of these blocks, with their objects, exceed that.
  memoryLimit: 40_000,
})
  .pipe(
    mergeMap(peer =>
      syncHeaders(peer).pipe(
        last(),
        map(({ chain }) => Array.from({ length: BLOCKS }, (_, i) => chain.hashAt(i + 1) ?? chain.tip.hash)),
        tap(hashes => askForAll(peer, hashes)),
        switchMap(() => peer.on('block')),
        // One at a time.
        consume(peer, ({ block }) => handle(peer, block)),
      ),
    ),
    take(BLOCKS),
    toArray(),
  )
  .subscribe({
    next: behind => console.log(`headers behind each block: ${behind.join(' ')}`),
    error: error => console.error(error),
    complete: () => {
      console.log(`held: at most a third, ${mostHeld < 40_000 / 3}; some had to wait: ${mostWaiting > 0}`)
    },
  })
