// Two peers negotiate by version and verack: one listens, one dials. Run: npm run example examples/outbound-peer.ts

import { mergeMap, Subject, take, tap } from 'rxjs'
import { acceptEach, connect, createNonces, pingOnce, regtest } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'

/** Told where the listener listens: port 0 lets the system choose. */
const listening = new Subject<{ host: string; port: number }>()

const inbound = listen({ host: '127.0.0.1', port: 0, listening: endpoint => listening.next(endpoint) }).pipe(
  acceptEach({
    network: regtest,
    userAgent: { name: 'inbound', version: '1.0.0' },
    // Both sides live in one process here; with the shared registry they would take each other for themselves.
    nonces: createNonces(),
    // The handler for the version message. Returning a reject message instead would refuse the remote.
    acceptVersion: version => {
      console.log(`inbound peer: received version ${version.protocolVersion} of ${version.userAgent}`)
      return undefined
    },
    failed: error => console.error(`inbound peer: ${error.message}`),
  }),
)

const outbound = listening.pipe(
  take(1),
  mergeMap(endpoint =>
    connect(tcp(endpoint), {
      network: regtest,
      userAgent: { name: 'outbound', version: '1.0.0' },
      nonces: createNonces(),
      acceptVersion: version => {
        console.log(`outbound peer: received version ${version.protocolVersion} of ${version.userAgent}`)
        return undefined
      },
    }),
  ),
)

const server = inbound.subscribe({
  next: peer => console.log(`inbound peer: verack received, speaking ${peer.protocolVersion}`),
  error: error => console.error(error),
})

outbound
  .pipe(
    tap(peer => console.log(`outbound peer: verack received, speaking ${peer.protocolVersion}`)),
    mergeMap(peer =>
      pingOnce(peer).pipe(tap(() => console.log('outbound peer: pong received, disconnecting'))),
    ),
    take(1),
  )
  .subscribe({
    error: error => console.error(error),
    complete: () => {
      // Taking one value has unsubscribed, and with that disconnected.
      console.log('outbound peer: disconnected')
      server.unsubscribe()
    },
  })
