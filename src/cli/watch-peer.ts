import { catchError, type Observable, switchMap, tap } from 'rxjs'
import { PeerError } from '../peer/close.js'
import { connect } from '../peer/connect.js'
import type { PeerOptions } from '../peer/options.js'
import type { Peer } from '../peer/peer.js'
import type { Endpoint } from '../stream/connection.js'
import { tcp } from '../transport/tcp.js'
import { zeroHash } from '../wire/hash.js'
import { type KnownMessage, type Message, messageTypes } from '../wire/messages.js'
import type { Network } from '../wire/network.js'
import { PROTOCOL_VERSION } from '../wire/versions.js'
import { LINGER } from './command.js'
import { endpointText } from './events.js'
import { faultText } from './fault.js'
import { fetchAnnounced } from './fetch.js'
import type { Roster } from './roster.js'
import { Failure } from './usage.js'

/** Wants new blocks as headers, and the first headers of the chain; having sent headers, Core announces what follows. */
function greet(peer: Peer, network: Network): void {
  const greeting: readonly KnownMessage[] = [
    { command: 'sendheaders' },
    { command: 'getheaders', version: PROTOCOL_VERSION, locator: [network.genesis.hash], stop: zeroHash },
  ]
  // Not `options.initial`: that would close a peer whose version is too old for one of them.
  for (const message of greeting) {
    if (messageTypes[message.command].minVersion <= peer.protocolVersion) peer.send(message)
  }
}

/** One line on why a node cannot be watched, with a guess where people tend to need one. */
function failureText({ host, port }: Endpoint, network: Network, error: PeerError): string {
  const text = faultText(error)
  const where = text.includes(`${host}:${port}`) ? '' : `${endpointText({ host, port })}: `
  // Nodes hang up on the magic of another network without a word.
  const silent = error.code === 'remote-closed' && error.stats.version === undefined
  const guess = silent || error.code === 'wrong-magic' ? `; is it a ${network.name} node?` : ''
  return `${where}${text}${guess}`
}

/** What to watch, and how. */
export interface WatchOptions {
  readonly endpoint: Endpoint
  readonly network: Network
  readonly fetch: boolean
  /** How our side behaves; its network is the one above. */
  readonly peer?: PeerOptions
}

/** Connects, greets and emits what the remote says after the handshake; errors with a {@link Failure}. */
export function watchPeer(
  { endpoint, network, fetch, peer: options = {} }: WatchOptions,
  roster: Roster,
): Observable<Message> {
  return connect(tcp({ ...endpoint, linger: LINGER }), {
    ...options,
    network,
    traffic: roster.traffic,
  }).pipe(
    tap(peer => {
      roster.ready(peer)
      greet(peer, network)
    }),
    switchMap(peer =>
      peer.messages$.pipe(
        tap(message => {
          if (fetch) fetchAnnounced(peer, message)
        }),
      ),
    ),
    catchError((error: unknown) => {
      if (!(error instanceof PeerError)) throw error
      roster.failed(error)
      throw new Failure(failureText(endpoint, network, error))
    }),
  )
}
