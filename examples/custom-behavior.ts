// Habits of a peer: add one, replace one, leave one out. Run: npm run example examples/custom-behavior.ts
import { distinct, filter, interval, map, switchMap, take } from 'rxjs'
import { connect, regtest } from 'rxpeer'
import { type Behavior, keepAlive, randomNonce } from 'rxpeer/behaviors'
import { embeddedNode } from 'rxpeer/testing'

/** A habit of one's own: whenever the remote pings, ask it for addresses. What it emits is sent. */
const askWhenPinged: Behavior = ({ on }) => on('ping').pipe(map(() => ({ command: 'getaddr' })))

/** Another keep-alive: five quick pings, then silence. */
const fivePings: Behavior = ({ scheduler, random }) =>
  interval(20, scheduler).pipe(
    take(5),
    map(() => ({ command: 'ping', nonce: randomNonce(random) })),
  )

const node = embeddedNode({
  // The node's own side pings every 50 ms instead of every two minutes.
  peer: { behaviors: { keepAlive: keepAlive(50) } },
})

connect(node.dial, {
  network: regtest,
  behaviors: {
    askWhenPinged, //          a new name adds one
    keepAlive: fivePings, //   the name of a default one replaces it
    stall: false, //           false leaves one out
  },
})
  .pipe(
    switchMap(peer => peer.sent$),
    map(({ command }) => command),
    filter(command => ['ping', 'pong', 'getaddr'].includes(command)),
    distinct(),
    take(3),
  )
  .subscribe({ next: command => console.log(`sent ${command}`), error: error => console.error(error) })
