import type { PeerOptions } from '../peer/options.js'
import { RXPEER_VERSION } from '../peer/own-version.js'
import type { OptionName, Settings } from './options.js'

/** The options that say how our side of a peer presents itself and behaves. */
export const peerOptionNames: readonly OptionName[] = [
  'policy',
  'services',
  'protocol-version',
  'no-relay',
  'user-agent-comment',
  'regtest-leniency',
  'handshake-timeout',
  'idle-timeout',
  'ping-interval',
  'ping-timeout',
  'stall-tick',
  'trickle-interval',
]

/** What was asked for, as options of `connect` and `acceptEach`; the rest keeps the library's defaults. */
export function peerOptions(settings: Settings): PeerOptions {
  const comment = settings['user-agent-comment']
  return {
    network: settings.network,
    policy: settings.policy,
    services: settings.services,
    protocolVersion: settings['protocol-version'],
    relay: settings['no-relay'] === undefined ? undefined : !settings['no-relay'],
    userAgent:
      comment === undefined
        ? undefined
        : { name: 'rxpeer-cli', version: RXPEER_VERSION, comments: [comment] },
    regtestLeniency: settings['regtest-leniency'],
    handshakeTimeout: settings['handshake-timeout'],
    idleTimeout: settings['idle-timeout'],
    pingInterval: settings['ping-interval'],
    pingTimeout: settings['ping-timeout'],
    stallTick: settings['stall-tick'],
    trickleInterval: settings['trickle-interval'],
  }
}
