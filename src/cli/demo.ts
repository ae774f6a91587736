import { defer, finalize, interval, merge, NEVER, Subject, switchMap, takeUntil, tap, timer } from 'rxjs'
import type { Endpoint } from '../stream/connection.js'
import { type EmbeddedNode, embeddedNode } from '../testing/embedded-node.js'
import { assertMineable } from '../testing/mining.js'
import { listen } from '../transport/listen.js'
import type { Message } from '../wire/messages.js'
import { type Network, regtest } from '../wire/network.js'
import { type Command, LINGER } from './command.js'
import { UsageError } from './usage.js'
import { watchPeer } from './watch.js'

/** How long the demo takes where `--for` says nothing, ms. */
const DURATION = 8_000
/** Time between two things that happen at the node, ms. */
const STEP = 800
/** What happens, over and over. */
const script = ['spend', 'spend', 'mine'] as const

function requireEasy({ name, genesis }: Network): void {
  try {
    assertMineable(name, genesis.bits)
  } catch {
    throw new UsageError(`the demo mines its own blocks, which is too hard on ${name}; try regtest`)
  }
}

/** Counts what the client has received. */
class Received {
  readonly #counts = { headers: 0, block: 0, tx: 0 }

  see(message: Message): void {
    if (message.command === 'headers') this.#counts.headers += message.headers.length
    else if (message.command === 'block' || message.command === 'tx') this.#counts[message.command] += 1
  }

  summary({ height }: EmbeddedNode): string {
    const { headers, block, tx } = this.#counts
    return `the client received ${headers} headers, ${block} blocks and ${tx} transactions; the node is at height ${height}`
  }
}

export const demo: Command = {
  direction: 'outbound',
  summary: 'watch an embedded regtest node mine and spend for some seconds',
  operands: [],
  options: [],
  details: [
    'Needs nothing but this machine: the node mines its chain on the spot, listens on a free loopback port, and a',
    `client watches it over TCP. Ends by itself after ${DURATION / 1000} seconds.`,
  ],
  prepare: settings => {
    const { network = regtest } = settings
    requireEasy(network)
    return ({ roster, tell }) =>
      defer(() => {
        const node = embeddedNode({ network })
        const received = new Received()
        const listening$ = new Subject<Endpoint>()
        const server$ = node.serve(
          listen({ port: 0, linger: LINGER, listening: endpoint => listening$.next(endpoint) }),
        )
        const client$ = listening$.pipe(
          tap(endpoint => {
            tell({ event: 'listening', endpoint })
            const text = `a ${network.name} node with ${node.height} blocks, mined just now; this client watches it over TCP`
            tell({ event: 'note', text })
          }),
          switchMap(endpoint => watchPeer({ endpoint, network, fetch: true }, roster)),
          tap(message => received.see(message)),
        )
        const happenings$ = interval(STEP).pipe(tap(step => node[script[step % script.length] ?? 'mine']()))
        return merge(client$, server$, happenings$).pipe(
          takeUntil(
            settings.for === undefined
              ? timer(DURATION).pipe(tap(() => roster.end('the demo is over')))
              : NEVER,
          ),
          finalize(() => tell({ event: 'note', text: received.summary(node) })),
        )
      })
  },
}
