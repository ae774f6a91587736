import type { PeerDirection } from '../behaviors/behavior.js'
import type { Connection } from '../stream/connection.js'
import type { Rules } from './conversation-state.js'
import { isLenient } from './leniency.js'
import type { ResolvedOptions } from './options.js'

/** What a conversation over this connection is held by. */
export function rulesOf(connection: Connection, direction: PeerDirection, options: ResolvedOptions): Rules {
  const { protocolVersion, services, requiredServices, policy, handshakeTimeout } = options
  return {
    direction,
    protocolVersion,
    services,
    requiredServices,
    policy,
    handshakeTimeout,
    remote: connection.remote,
    forgiving: isLenient(options, connection),
  }
}
