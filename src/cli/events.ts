import type { CloseReason } from '../peer/close.js'
import type { Peer } from '../peer/peer.js'
import type { PeerStats } from '../peer/stats.js'
import type { Traffic } from '../peer/traffic.js'
import type { Endpoint } from '../stream/connection.js'

/** What there is to print. */
export type CliEvent =
  | { readonly event: 'listening'; readonly endpoint: Endpoint }
  | { readonly event: 'ready'; readonly peer: Peer }
  | { readonly event: 'traffic'; readonly traffic: Traffic }
  | { readonly event: 'closed'; readonly reason: CloseReason; readonly stats: PeerStats }
  /** Words for people only. */
  | { readonly event: 'note'; readonly text: string }

/** The line of an event; `undefined` where there is nothing to say. */
export type Format = (event: CliEvent) => string | undefined

/** An endpoint as people write it. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
