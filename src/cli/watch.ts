import { catchError, EMPTY, ignoreElements, type Observable, switchMap, tap } from 'rxjs'
import { PeerError } from '../peer/close.js'
import { connect } from '../peer/connect.js'
import type { Peer } from '../peer/peer.js'
import type { Endpoint } from '../stream/connection.js'
import { tcp } from '../transport/tcp.js'
import { zeroHash } from '../wire/hash.js'
import { type KnownMessage, messageTypes } from '../wire/messages.js'
import { mainnet, type Network } from '../wire/network.js'
import { PROTOCOL_VERSION } from '../wire/versions.js'
import type { Command } from './command.js'
import { endpointText } from './events.js'
import { fetchAnnounced } from './fetch.js'
import { readTarget } from './target.js'
import { Failure } from './usage.js'

/** Asks for new blocks as headers, and for the first headers of the chain, which also makes Core announce later ones. */
function greet(peer: Peer, network: Network): void {
  const greeting: readonly KnownMessage[] = [
    { command: 'sendheaders' },
    { command: 'getheaders', version: PROTOCOL_VERSION, locator: [network.genesis.hash], stop: zeroHash },
  ]
  for (const message of greeting) {
    if (messageTypes[message.command].minVersion <= peer.protocolVersion) peer.send(message)
  }
}

/** Says what went wrong, with a guess where people tend to need one. */
export function failureText(endpoint: Endpoint, network: Network, { code, reason, stats }: PeerError): string {
  const guesses: Partial<Record<PeerError['code'], string>> = {
    'wrong-magic': `; is it a ${network.name} node?`,
    // Nodes hang up on the magic of another network without a word.
    'remote-closed': stats.version === undefined ? ` before its version; is it a ${network.name} node?` : '',
  }
  return `${endpointText(endpoint)}: ${reason} (${code})${guesses[code] ?? ''}`
}

export const watch: Command = {
  summary: 'connect to a node and print what it says',
  operands: ['HOST[:PORT]'],
  options: ['fetch'],
  details: [
    'Asks for headers from the first block on, and for new blocks as headers. Blocks and transactions are announced,',
    'not downloaded, unless --fetch asks for them. IPv6 is written as [::1]:8333.',
  ],
  prepare: (settings, [text = '']) => {
    const network = settings.network ?? mainnet
    const { host, port = network.defaultPort } = readTarget(text)
    const endpoint = { host, port }
    return ({ roster }) =>
      watchPeer(endpoint, network)
  },
}
