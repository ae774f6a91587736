import type { Connection } from '../stream/connection.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { parseHost, unknownAddress } from '../wire/netaddress.js'
import { isRoutable } from '../wire/usable-address.js'
import type { ResolvedOptions } from './options.js'

/**
 * Our version message.
 * @throws TypeError where `newestBlock` tells a height that is none; whatever `newestBlock` throws
 */
export function ownVersionMessage(
  options: ResolvedOptions,
  { remote, proxied }: Pick<Connection, 'remote' | 'proxied'>,
  nonce: bigint,
): VersionMessage {
  const { protocolVersion, services, clock, userAgent, newestBlock, relay } = options
  const { height } = newestBlock()
  if (!Number.isInteger(height) || height < 0 || height > 0x7fff_ffff) {
    throw new TypeError(`newestBlock tells the height ${height}`)
  }
  // What a proxy hides must not be told to the remote, so it is shown no address of its own; nor is one that means
  // nothing outside of a local network, such as that of a forwarder (Core `IsRoutable`).
  const parsed = proxied || remote === undefined ? undefined : parseHost(remote.host)
  const host = parsed && isRoutable(parsed) ? parsed : undefined
  return {
    command: 'version',
    protocolVersion,
    services,
    timestamp: BigInt(Math.floor(clock.epoch() / 1000)),
    receiver: host && remote ? { services: 0n, ...host, port: remote.port } : unknownAddress,
    sender: { ...unknownAddress, services },
    nonce,
    userAgent,
    startHeight: height,
    relay,
  }
}
