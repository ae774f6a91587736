/**
 * The good peer, in a process of its own: pings all the while, one ping at a time, and tells how long each pong took.
 * Takes where to dial as JSON in its argument, and ends when its input does.
 */
import { filter } from 'rxjs'
import { createNonces, open, type Peer } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import { regtest } from 'rxpeer/wire'
import { orders$, say } from './lines.js'
import { now, shares } from './turn.js'

/** What a good peer is told at its start. */
export interface GoodOptions {
  readonly port: number
}

/** A round trip. */
export interface RoundTrip {
  /** When the ping was sent; see `now`. */
  readonly at: number
  /** ms until its pong was there. */
  readonly took: number
  /** ms of that in which this process waited for a core. */
  readonly waited: number
}

/** What a good peer tells. */
export type GoodReport =
  /** It has shaken hands. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'pong'; readonly trip: RoundTrip }
  | { readonly kind: 'closed'; readonly code: string }

/** ms between a pong and the next ping. */
const PING_EVERY = 10

const { port }: GoodOptions = JSON.parse(process.argv[2] ?? '{}')
const report = (line: GoodReport) => say(line)

function pingOn(peer: Peer): void {
  let nonce = 0n
  let at = 0
  let waited = 0
  const ping = () => {
    nonce += 1n
    waited = shares().waited
    at = now()
    peer.send({ command: 'ping', nonce })
  }
  peer
    .on('pong')
    .pipe(filter(pong => pong.nonce === nonce))
    .subscribe(() => {
      const took = now() - at
      report({ kind: 'pong', trip: { at, took, waited: shares().waited - waited } })
      setTimeout(ping, PING_EVERY)
    })
  ping()
}

orders$().subscribe({ complete: () => process.exit(0) })
const peer = await open(tcp({ host: '127.0.0.1', port }), { network: regtest, nonces: createNonces() })
peer.closed$.subscribe(({ code }) => report({ kind: 'closed', code }))
report({ kind: 'ready' })
pingOn(peer)
