import { mainnet } from '../wire/network.js'
import type { Command } from './command.js'
import { peerOptionNames, peerOptions } from './peer-options.js'
import { readTarget } from './target.js'

export const watch: Command = {
  direction: 'outbound',
  summary: 'connect to a node and print what it says',
  operands: ['HOST[:PORT]'],
  options: ['fetch', ...peerOptionNames],
  details: [
    'Asks for headers from the first block on, and for new blocks to be announced by headers. Blocks and',
    'transactions themselves are downloaded only with --fetch. An IPv6 address with a port is written [::1]:8333.',
  ],
  prepare: (settings, [text = '']) => {
    const { network = mainnet, fetch = false } = settings
    const { host, port = network.defaultPort } = readTarget(text)
    return async () => {
      const { watchPeer } = await import('./watch-peer.js')
      const what = { endpoint: { host, port }, network, fetch, peer: peerOptions(settings) }
      return ({ roster }) => watchPeer(what, roster)
    }
  },
}
