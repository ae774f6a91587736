import { catchError, EMPTY, mergeMap, type OperatorFunction } from 'rxjs'
import type { Connection } from '../stream/connection.js'
import { accept } from './accept.js'
import type { PeerError } from './close.js'
import { type PeerOptions, resolveOptions } from './options.js'
import type { Peer } from './peer.js'

/** Options of {@link acceptEach}. */
export interface AcceptEachOptions extends PeerOptions {
  /** Told of every peer that ends by an error, before or after its handshake. Default: nobody is told. */
  readonly failed?: ((error: PeerError) => void) | undefined
}

/**
 * Accepts every connection of a listener and emits the peers that shook hands. A peer that fails goes to `failed` and
 * never into the stream, so one bad remote cannot end the listener. An error of the listener itself passes through.
 * Unsubscribing disconnects all peers.
 * @throws TypeError at the call, for invalid options
 * @example listen({ port: 18444 }).pipe(acceptEach({ network: regtest, failed: console.warn })).subscribe(peer => …)
 */
export function acceptEach(options: AcceptEachOptions = {}): OperatorFunction<Connection, Peer> {
  resolveOptions(options)
  const { failed = () => {} } = options
  return mergeMap(connection =>
    accept(connection, options).pipe(
      catchError((error: PeerError) => {
        failed(error)
        return EMPTY
      }),
    ),
  )
}
