import { catchError, mergeMap, type Observable, tap } from 'rxjs'
import { acceptEach } from '../peer/accept-each.js'
import { TransportError } from '../stream/connection.js'
import { listen } from '../transport/listen.js'
import type { Message } from '../wire/messages.js'
import { LINGER, type Stage } from './command.js'
import { endpointText } from './events.js'
import { faultText } from './fault.js'
import { fetchAnnounced } from './fetch.js'
import { Failure } from './usage.js'
import type { WatchOptions } from './watch-peer.js'

/** Accepts every peer that dials and emits what they all say; errors with a {@link Failure} where it cannot listen. */
export function listenForPeers(
  { endpoint, network, fetch, peer: options = {} }: WatchOptions,
  { roster, tell }: Stage,
): Observable<Message> {
  const connections$ = listen({
    ...endpoint,
    linger: LINGER,
    listening: at => tell({ event: 'listening', endpoint: at }),
  })
  return connections$.pipe(
    acceptEach({
      ...options,
      network,
      traffic: roster.traffic,
      failed: error => roster.failed(error),
    }),
    tap(peer => roster.ready(peer)),
    mergeMap(peer =>
      peer.messages$.pipe(
        tap(message => {
          if (fetch) fetchAnnounced(peer, message)
        }),
      ),
    ),
    catchError((error: unknown) => {
      if (!(error instanceof TransportError)) throw error
      const { code, message: reason, cause } = error
      throw new Failure(`cannot listen at ${endpointText(endpoint)}: ${faultText({ code, reason, cause })}`)
    }),
  )
}
