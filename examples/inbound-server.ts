// A server that answers getdata, and one client of it. Run: npm run example examples/inbound-server.ts
import { firstValueFrom, map, mergeMap, Observable, take } from 'rxjs'
import { acceptEach, createNonces, type Endpoint, InventoryType, open, regtest } from 'rxpeer'
import type { Behavior } from 'rxpeer/behaviors'
import { listen, tcp } from 'rxpeer/node'

/** Whatever is asked for with getdata, we do not have. Servers are behaviors: what handlers hold does not delay them. */
const serve: Behavior = ({ on }) =>
  on('getdata').pipe(map(({ inventory }) => ({ command: 'notfound', inventory })))

/** Serves until unsubscribed; emits where it listens. */
const server$ = new Observable<Endpoint>(subscriber =>
  listen({ port: 0, listening: endpoint => subscriber.next(endpoint) })
    .pipe(
      acceptEach({
        network: regtest,
        userAgent: { name: 'server', version: '1.0.0' },
        // Server and client live in one process here; with the shared registry they would see themselves.
        nonces: createNonces(),
        behaviors: { serve },
        // A peer that fails is told of here and harms no other.
        failed: error => console.log(`server: a peer ended: ${error.code}`),
      }),
    )
    .subscribe({
      next: peer => console.log(`server: ${peer.version.userAgent} is connected`),
      error: error => subscriber.error(error),
    }),
)

/** Asks for a transaction, for people who await. */
async function client(endpoint: Endpoint): Promise<string> {
  await using peer = await open(tcp(endpoint), {
    network: regtest,
    userAgent: { name: 'client', version: '1.0.0' },
    nonces: createNonces(),
  })
  const answer = firstValueFrom(peer.on('notfound'))
  peer.send({ command: 'getdata', inventory: [{ type: InventoryType.tx, hash: new Uint8Array(32) }] })
  return `client: ${(await answer).inventory.length} transaction not found`
}

server$.pipe(mergeMap(client), take(1)).subscribe({ next: console.log, error: console.error })
