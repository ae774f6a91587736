import type { Observable } from 'rxjs'
import type { Dial } from '../stream/connection.js'
import { dialPeer } from './establish.js'
import { type PeerOptions, resolveOptions } from './options.js'
import type { Peer } from './peer.js'

/**
 * Dials, shakes hands and emits the peer once, synchronously at the end of the handshake. Cold: one subscription is
 * one connection. Only our own `disconnect()` completes; every end by the remote, a plain EOF included, errors with a
 * PeerError, so that `retry` dials a fresh peer. Unsubscribing disconnects.
 *
 * ```
 * connect  --peer-------#      (# PeerError remote-closed)
 * retry    --peer------------peer---…
 * ```
 * @throws TypeError at the call, for invalid options
 * @example
 * connect(tcp({ host, port: 8333 }), { network: mainnet })
 *   .pipe(switchMap(peer => peer.messages$), retry({ delay: 5_000 }))
 *   .subscribe({ next: console.log, error: console.error })
 */
export function connect(dial: Dial, options: PeerOptions = {}): Observable<Peer> {
  return dialPeer(dial, resolveOptions(options), 'at-once')
}
