import type { Connection } from '../stream/connection.js'
import { equalBytes } from '../wire/hex.js'
import { regtest } from '../wire/network.js'
import type { ResolvedOptions } from './options.js'

/** btcd's own list: `::1` is not in it. */
const localHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost'])

/** Whether messages that cannot be read are forgiven: asked for, on regtest, and the remote is this machine (btcd). */
export function isLenient(
  { regtestLeniency, network }: Pick<ResolvedOptions, 'regtestLeniency' | 'network'>,
  { remote }: Pick<Connection, 'remote'>,
): boolean {
  return (
    regtestLeniency &&
    equalBytes(network.magic, regtest.magic) &&
    remote !== undefined &&
    localHosts.has(remote.host)
  )
}
