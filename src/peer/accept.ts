import { Observable } from 'rxjs'
import type { Connection } from '../stream/connection.js'
import { PeerError } from './close.js'
import { runPeer } from './establish.js'
import { type PeerOptions, type ResolvedOptions, resolveOptions } from './options.js'
import type { Peer } from './peer.js'
import { emptyStats } from './stats.js'

/** Connections that have a peer: their bytes can be read only once. */
const used = new WeakSet<Connection>()

/**
 * Waits for the remote's version on a connection that it opened, shakes hands and emits the peer once; completes,
 * errors and unsubscribes as `connect` does. A connection that is given a second time errors `connection-used`.
 * @throws TypeError at the call, for invalid options
 */
export function accept(connection: Connection, options: PeerOptions = {}): Observable<Peer> {
  return acceptWith(connection, resolveOptions(options))
}

/** The same with options that are checked already. */
export function acceptWith(connection: Connection, options: ResolvedOptions): Observable<Peer> {
  return new Observable(subscriber => {
    if (used.has(connection)) {
      const reason = 'a connection can be accepted only once'
      subscriber.error(
        new PeerError(
          { code: 'connection-used', by: 'local', reason },
          emptyStats({ id: 0, direction: 'inbound', protocolVersion: options.protocolVersion }),
        ),
      )
      return
    }
    used.add(connection)
    runPeer(connection, 'inbound', options, 'at-once', subscriber)
  })
}
