import { type Observable, of } from 'rxjs'
import type { Hash } from '../../wire/hash.js'
import { toHex } from '../../wire/hex.js'
import type { List } from '../../wire/list.js'
import { PROTOCOL_VERSION } from '../../wire/versions.js'
import { channelOf } from '../face.js'
import type { Peer } from '../peer.js'

/** The last request of a peer that is not answered yet. */
interface Last {
  request: string
}

/** What answers each request; until then a repeat asks for nothing new. */
const answers = { getblocks: 'inv', getheaders: 'headers' } as const

const last = { getblocks: new WeakMap<Peer, Last>(), getheaders: new WeakMap<Peer, Last>() }

/**
 * Sends `getblocks`, unless the request before had the same first hash and the same stop and is not answered yet: then
 * emits `false`. An empty locator is always sent.
 * @throws WireError for a locator of more than 500 hashes
 */
export function pushGetBlocks(peer: Peer, locator: List<Hash>, stop: Hash): Observable<boolean> {
  return push(peer, 'getblocks', locator, stop)
}

/** Sends `getheaders` in the same way, with a memory of its own. */
export function pushGetHeaders(peer: Peer, locator: List<Hash>, stop: Hash): Observable<boolean> {
  return push(peer, 'getheaders', locator, stop)
}

function push(
  peer: Peer,
  command: 'getblocks' | 'getheaders',
  locator: List<Hash>,
  stop: Hash,
): Observable<boolean> {
  const begin = locator.at(0)
  const request = begin && `${toHex(begin)} ${toHex(stop)}`
  const before = last[command].get(peer)
  if (request !== undefined && request === before?.request) return of(false)
  const sent$ = peer.send({ command, version: PROTOCOL_VERSION, locator, stop })
  if (request === undefined) last[command].delete(peer)
  else if (before !== undefined) before.request = request
  else remember(peer, command, request)
  return sent$
}

/** Until an answer comes: what was asked before it may be asked again (Core once suppressed that, and took it back). */
function remember(peer: Peer, command: 'getblocks' | 'getheaders', request: string): void {
  last[command].set(peer, { request })
  const forget = channelOf(peer).ask({
    take: message => {
      if (message.command === answers[command]) {
        last[command].delete(peer)
        forget()
      }
      return 'passed'
    },
    ended: () => {},
  })
}
