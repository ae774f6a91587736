import { hasServices, Services } from '../wire/services.js'
import type { State } from './conversation-state.js'
import type { Parts } from './parts.js'
import type { PeerStats } from './stats.js'

/** The figures of a peer at this moment. */
export function statsOf(
  { id, direction, connection, link, connectedAt, journal, ledger }: Parts,
  { version, features, reading }: State,
): PeerStats {
  return {
    id,
    direction,
    address: connection.remote,
    localAddress: connection.local,
    transport: link.transport,
    connectedAt,
    ...journal.tally,
    services: version?.services,
    version: version?.protocolVersion,
    protocolVersion: reading.protocolVersion,
    userAgent: version?.userAgent,
    startHeight: version?.startHeight,
    timeOffset: journal.timeOffset,
    witness: version !== undefined && hasServices(version.services, Services.witness),
    wantsAddrV2: features.addrV2,
    memory: ledger.snapshot(),
    ...journal.remote.snapshot(),
  }
}
