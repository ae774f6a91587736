import { mainnet } from '../wire/network.js'
import type { Command } from './command.js'
import { peerOptionNames, peerOptions } from './peer-options.js'

export const listen: Command = {
  direction: 'inbound',
  summary: 'accept nodes that connect and print what they say',
  operands: [],
  options: ['host', 'port', 'fetch', ...peerOptionNames],
  details: [
    'A peer that fails is told like all else and ends nothing; only a port that cannot be had is a failure.',
  ],
  prepare: settings => {
    const { network = mainnet, host = '127.0.0.1', port = network.defaultPort, fetch = false } = settings
    return async () => {
      const { listenForPeers } = await import('./listen-for-peers.js')
      const what = { endpoint: { host, port }, network, fetch, peer: peerOptions(settings) }
      return stage => listenForPeers(what, stage)
    }
  },
}
