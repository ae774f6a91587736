// A filter pipeline over the inv stream of a node: which blocks and transactions are announced, each once.
// Run against your own node: npm run example examples/watch-inventory.ts 127.0.0.1 18444
// Without arguments an embedded node plays the remote and the example ends by itself.
import {
  distinct,
  endWith,
  filter,
  from,
  map,
  mergeMap,
  Observable,
  retry,
  switchMap,
  take,
  takeUntil,
  timer,
} from 'rxjs'
import { connect, createNonces, type Endpoint, InventoryType, ofCommand, regtest, toHex } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { embeddedNode } from 'rxpeer/testing'

const kinds = new Map<number, string>([
  [InventoryType.block, 'block'],
  [InventoryType.tx, 'transaction'],
  [InventoryType.wtx, 'transaction'],
])

/** Announcements of a node, as lines. */
const announcements = (endpoint: Endpoint) =>
  connect(tcp(endpoint), { network: regtest, nonces: createNonces() }).pipe(
    switchMap(peer => peer.messages$.pipe(ofCommand('inv'))),
    mergeMap(({ inventory }) => from(inventory)),
    filter(({ type }) => kinds.has(type)),
    map(({ type, hash }) => `${kinds.get(type)} ${toHex(hash)}`),
    distinct(),
    retry({ delay: 5_000 }),
  )

/** A node of our own that mines a block and makes a transaction now and then; emits where it listens. */
const ownNode$ = new Observable<Endpoint>(subscriber => {
  const node = embeddedNode({ network: regtest, blocks: 110 })
  const serving = node
    .serve(listen({ port: 0, listening: endpoint => subscriber.next(endpoint) }))
    .subscribe({ error: error => subscriber.error(error) })
  serving.add(
    timer(500, 300).subscribe({
      next: turn => (turn % 2 === 0 ? node.spend() : node.mine()),
      error: error => subscriber.error(error),
    }),
  )
  return serving
})

const [host, port] = process.argv.slice(2)
const lines$ =
  host === undefined
    ? ownNode$.pipe(switchMap(announcements), take(4), endWith('that was the embedded node'))
    : announcements({ host, port: Number(port ?? regtest.defaultPort) }).pipe(takeUntil(timer(60_000)))

lines$.subscribe({ next: line => console.log(line), error: error => console.error(error) })
