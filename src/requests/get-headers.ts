import { filter, map, type Observable, pipe } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { toHex } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import { PROTOCOL_VERSION } from '../wire/versions.js'
import { type RequestOptions, request } from './request.js'

/** How to ask for headers. */
export interface GetHeadersOptions extends RequestOptions {
  /** The last block wanted, wire order. Default: as many as the remote gives, at most 2000. */
  readonly stop?: Hash | undefined
}

/** ms in which headers have to come: looking them up takes a node longer than anything else (btcd). */
const HEADERS_TIMEOUT = 90_000

/**
 * Asks for the headers behind the best block of the locator that the remote knows, else behind the network's first block,
 * and emits its answer, which is empty where there are none. Announcements that do not connect to the locator are not taken for it. With an empty locator
 * the one header of `stop` is asked for. Errors as `request` does, after 90 s by default.
 * @param locator - block hashes, newest first, wire order; see `HeaderChain.locator`
 */
export function getHeaders(
  peer: Peer,
  locator: List<Hash>,
  { stop = zeroHash, timeout = HEADERS_TIMEOUT, retries }: GetHeadersOptions = {},
): Observable<List<BlockHeader>> {
  const asked = new Set(Array.from(locator, toHex))
  // Where it knows none of them a node begins with its first block.
  if (asked.size > 0) asked.add(toHex(peer.network.genesis.hash))
  const isAnswer = (headers: List<BlockHeader>) => {
    const first = headers.at(0)
    if (first === undefined) return true
    return asked.size === 0 ? toHex(first.hash) === toHex(stop) : asked.has(toHex(first.previousBlock))
  }
  const answer = pipe(
    ofCommand('headers'),
    map(({ headers }) => headers),
    filter(isAnswer),
  )
  return request(peer, { command: 'getheaders', version: PROTOCOL_VERSION, locator, stop }, answer, {
    timeout,
    retries,
  })
}
