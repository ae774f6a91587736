/**
 * The process that is attacked: a listener with one good peer and all the others, which also dials where it is told to.
 * Takes its options as JSON in its argument and orders on its input, tells what it sees in lines of JSON, and ends when
 * its input does. Run with --expose-gc: it tells what is in use, and not what is garbage.
 */
import { map, mergeMap, Observable, range } from 'rxjs'
import { acceptEach, btcdPolicy, connect, corePolicy, createNonces, type PeerOptions } from 'rxpeer'
import type { Behavior } from 'rxpeer/behaviors'
import { listen, tcp } from 'rxpeer/node'
import { type Message, NetworkId, regtest, type TimedNetAddress } from 'rxpeer/wire'
import { blockOf, type PolicyName } from './attacks.js'
import { orders$, say } from './lines.js'
import { type Turns, TurnWatch } from './turn.js'

/** How a victim is made. */
export interface VictimOptions {
  readonly policy: PolicyName
  /** ms; the default of 20 minutes is more than anybody waits here. */
  readonly sendTimeout: number
  readonly handshakeTimeout: number
  /** ms between two looks at the memory. */
  readonly every: number
}

/** What a victim is told to do. */
export type VictimOrder =
  | { readonly kind: 'dial'; readonly port: number; readonly count: number }
  /** Look at the memory now. */
  | { readonly kind: 'look' }

/** What a victim tells. */
export type VictimReport =
  | { readonly kind: 'port'; readonly port: number }
  /** Bytes on the heap and in buffers outside of it, without garbage. */
  | ({ readonly kind: 'used'; readonly bytes: number } & Turns)
  /** What was asked for by `look`. */
  | { readonly kind: 'looked'; readonly bytes: number }
  /** Somebody has shaken hands. */
  | { readonly kind: 'peer'; readonly userAgent: string }
  | { readonly kind: 'closed'; readonly code: string; readonly by: string; readonly userAgent: string }

const { policy, every, ...times }: VictimOptions = JSON.parse(process.argv[2] ?? '{}')
const { gc } = globalThis
if (gc === undefined) throw new Error('run with node --expose-gc')
const report = (line: VictimReport) => say(line)

/** A different thousand for each who asks, as a node draws them. */
const addressesFor = (round: number): readonly TimedNetAddress[] =>
  Array.from({ length: 1_000 }, (_, i) => ({
    services: 9n,
    networkId: NetworkId.ipv4,
    address: Uint8Array.of(1 + (round & 0x7f), i >> 8, i, 4),
    port: 8_333,
    time: 1_700_000_000,
  }))

let rounds = 0
const serveAddresses: Behavior = ({ on }) =>
  on('getaddr').pipe(
    map(() => {
      rounds += 1
      return { command: 'addr', addresses: addressesFor(rounds) }
    }),
  )

function* blocksFor(count: number): Generator<Message> {
  for (let i = 0; i < count; i += 1) yield { command: 'block', block: blockOf(i) }
}
const serveBlocks: Behavior = ({ on }) =>
  on('getdata').pipe(map(({ inventory }) => blocksFor(inventory.length)))

const options: PeerOptions = {
  network: regtest,
  policy: policy === 'core' ? corePolicy : btcdPolicy,
  nonces: createNonces(),
  behaviors: { serveAddresses, serveBlocks },
  ...times,
}
const ended = (error: { code: string; by: string; stats: { userAgent: string | undefined } }) =>
  report({ kind: 'closed', code: error.code, by: error.by, userAgent: error.stats.userAgent ?? '' })

const turns = new TurnWatch()

function look(): number {
  return turns.without(() => {
    // Buffers go only a round after the objects that held them.
    gc?.()
    gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  })
}

listen({ port: 0, listening: ({ port }) => report({ kind: 'port', port }) })
  .pipe(acceptEach({ ...options, failed: ended }))
  .subscribe({
    next: ({ version }) => report({ kind: 'peer', userAgent: version.userAgent }),
    error: error => {
      throw error
    },
  })

const dials$ = orders$<VictimOrder>().pipe(
  mergeMap(order => {
    if (order.kind === 'look') {
      report({ kind: 'looked', bytes: look() })
      return []
    }
    const dial = tcp({ host: '127.0.0.1', port: order.port })
    return range(order.count).pipe(map(() => connect(dial, options)))
  }),
  mergeMap(
    peer$ =>
      new Observable<string>(subscriber =>
        peer$.subscribe({
          next: ({ version }) => subscriber.next(version.userAgent),
          error: error => {
            ended(error)
            subscriber.complete()
          },
          complete: () => subscriber.complete(),
        }),
      ),
  ),
)
dials$.subscribe({
  next: userAgent => report({ kind: 'peer', userAgent }),
  error: error => {
    throw error
  },
  complete: () => process.exit(0),
})

setInterval(() => report({ kind: 'used', bytes: look(), ...turns.take() }), every)
