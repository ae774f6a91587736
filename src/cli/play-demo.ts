import type { Observable } from 'rxjs'
import { defer, finalize, interval, merge, NEVER, Subject, switchMap, takeUntil, tap, timer } from 'rxjs'
import type { Endpoint } from '../stream/connection.js'
import { type EmbeddedNode, embeddedNode } from '../testing/embedded-node.js'
import { listen } from '../transport/listen.js'
import type { Message } from '../wire/messages.js'
import type { Network } from '../wire/network.js'
import { LINGER, type Stage } from './command.js'
import { watchPeer } from './watch-peer.js'

/** Time between two things that happen at the node, ms. */
const STEP = 800
/** What happens, over and over. */
const script = ['spend', 'spend', 'mine'] as const

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

/** Serves a chain that it mines and watches it over TCP, for `duration` ms or until it is unsubscribed. */
export function playDemo(
  network: Network,
  duration: number | undefined,
  { roster, tell }: Stage,
): Observable<unknown> {
  return defer(() => {
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
        duration !== undefined ? timer(duration).pipe(tap(() => roster.end('the demo is over'))) : NEVER,
      ),
      finalize(() => tell({ event: 'note', text: received.summary(node) })),
    )
  })
}
