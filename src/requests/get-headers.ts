import type { Observable } from 'rxjs'
import { HEADERS_TIMEOUT } from '../behaviors/stall.js'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { toHex } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import { PROTOCOL_VERSION } from '../wire/versions.js'
import { inquire } from './engine/inquire.js'
import { mayAnnounce } from './engine/turns.js'
import { patience, type RequestOptions } from './request-options.js'

/** How to ask for headers. */
export interface GetHeadersOptions extends RequestOptions {
  /** The last block wanted, wire order. Default: as many as the remote gives, at most 2000. */
  readonly stop?: Hash | undefined
}

/**
 * Asks for the headers behind the best block of the locator that the remote knows, else behind the network's first block,
 * and emits its answer, which is empty where there are none. Neither their work nor that they follow each other is
 * checked: `HeaderChain.add` and `syncHeaders` do. With an empty locator the one header of `stop` is asked for.
 *
 * Answers to other questions are not taken for it, also not those to questions that nobody waits for any more, nor are
 * announcements that do not connect to the locator. One to eight headers that connect may be an announcement for all
 * that can be known, so they go to `messages$` and `on()` too, unless those have had the same last header just before;
 * none, and more than eight, are the answer alone (BIP130, Core `MAX_BLOCKS_TO_ANNOUNCE`).
 *
 * Errors as `request` does, after 90 s by default, and with `unanswered` where headers came that connect to nothing that
 * was asked for, and no others.
 * @param locator - block hashes, newest first, wire order; see `HeaderChain.locator`
 */
export function getHeaders(
  peer: Peer,
  locator: List<Hash>,
  { stop = zeroHash, ...options }: GetHeadersOptions = {},
): Observable<List<BlockHeader>> {
  const asking = patience(options, HEADERS_TIMEOUT)
  const asked = new Set(Array.from(locator, toHex))
  // Where it knows none of them a node begins with its first block.
  if (asked.size > 0) asked.add(toHex(channelOf(peer).network.genesis.hash))
  const fits = (headers: List<BlockHeader>) => {
    const first = headers.at(0)
    if (first === undefined) return true
    return asked.size === 0 ? toHex(first.hash) === toHex(stop) : asked.has(toHex(first.previousBlock))
  }
  return inquire(peer, asking, [], () => ({
    question: () => ({ command: 'getheaders', version: PROTOCOL_VERSION, locator, stop }),
    answer: message => {
      if (message.command !== 'headers' || !fits(message.headers)) return undefined
      return { take: mayAnnounce(message) ? 'shared' : 'claimed', value: message.headers }
    },
    wonders: 'headers',
    takesTurns: true,
  }))
}
