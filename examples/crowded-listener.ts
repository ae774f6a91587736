// Many inbound peers: caps and a rate for the listener, and one budget of memory for all of them together.
// Run: npm run example examples/crowded-listener.ts
import { concatMap, firstValueFrom, mergeMap, Observable, take, tap } from 'rxjs'
import {
  acceptEach,
  createMemoryBudget,
  createNonces,
  type Endpoint,
  open,
  PeerError,
  pingOnce,
  regtest,
} from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'

/** Bytes that all peers together can make us hold. Above it the one that holds the most has to go. */
const memoryBudget = createMemoryBudget(2_000_000)

/** Serves until unsubscribed; emits where it listens. */
const server$ = new Observable<Endpoint>(subscriber =>
  listen({
    port: 0,
    listening: endpoint => subscriber.next(endpoint),
    maxConnections: 100,
    maxPerAddress: 3,
    refused: ({ why }) => console.log(`listener: refused, ${why}`),
  })
    .pipe(
      acceptEach({
        network: regtest,
        memoryBudget,
        rate: 50, // a second
        nonces: createNonces(),
        failed: ({ code }) => console.log(`server: a peer ended, ${code}`),
      }),
      // A handler that is never done with anything.
      mergeMap(peer => peer.messages$.pipe(tap(() => peer.hold()))),
    )
    .subscribe({ error: error => subscriber.error(error) }),
)

const codeOf = (error: unknown) => (error instanceof PeerError ? error.code : String(error))

/** Three peers are let in. One of them sends what is never handled, and has to go; the others stay. */
async function clients(endpoint: Endpoint): Promise<string> {
  const options = { network: regtest, nonces: createNonces() }
  await using modest = await open(tcp(endpoint), options)
  await using greedy = await open(tcp(endpoint), options)
  await using _idle = await open(tcp(endpoint), options)
  const fourth = await open(tcp(endpoint), options).then(() => 'let in', codeOf)
  console.log(`the fourth client: ${fourth}`)

  modest.send({ command: 'unknown', name: 'greeting', payload: new Uint8Array(1_000) })
  for (let i = 0; i < 3; i += 1) {
    greedy.send({ command: 'unknown', name: 'flood', payload: new Uint8Array(1_000_000) })
  }
  await greedy.waitForClose({ signal: AbortSignal.timeout(10_000) })
  await firstValueFrom(pingOnce(modest))
  return `the greedy client is gone, the modest one is served, ${memoryBudget.used < 2_000_000 ? 'within' : 'above'} the budget`
}

server$.pipe(concatMap(clients), take(1)).subscribe({ next: console.log, error: console.error })
