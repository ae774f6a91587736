import { defer, map, type Observable, pipe, tap } from 'rxjs'
import { HEADERS_TIMEOUT } from '../behaviors/stall.js'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { toHex } from '../wire/hex.js'
import { MAX_ANNOUNCED_HEADERS } from '../wire/limits.js'
import type { List } from '../wire/list.js'
import type { Message } from '../wire/messages.js'
import { PROTOCOL_VERSION } from '../wire/versions.js'
import { answersOf } from './fence.js'
import { request } from './request.js'
import { patience, type RequestOptions } from './request-options.js'
import { Turn } from './turn.js'

/** How to ask for headers. */
export interface GetHeadersOptions extends RequestOptions {
  /** The last block wanted, wire order. Default: as many as the remote gives, at most 2000. */
  readonly stop?: Hash | undefined
}

/**
 * Asks for the headers behind the best block of the locator that the remote knows, else behind the network's first block,
 * and emits its answer, which is empty where there are none. Neither their work nor that they follow each other is
 * checked: `HeaderChain.add` and `syncHeaders` do. Answers to other questions are not taken for it, also not those to
 * questions that nobody waits for any more, nor are announcements that do not connect to the locator. With an empty locator the one header of `stop` is
 * asked for. Errors as `request` does, after 90 s by default, and with `unanswered` where headers came that connect to
 * nothing that was asked for, and no others.
 * @param locator - block hashes, newest first, wire order; see `HeaderChain.locator`
 */
export function getHeaders(
  peer: Peer,
  locator: List<Hash>,
  { stop = zeroHash, ...options }: GetHeadersOptions = {},
): Observable<List<BlockHeader>> {
  const asked = new Set(Array.from(locator, toHex))
  // Where it knows none of them a node begins with its first block.
  if (asked.size > 0) asked.add(toHex(channelOf(peer).network.genesis.hash))
  const isAnswer = (headers: List<BlockHeader>) => {
    const first = headers.at(0)
    if (first === undefined) return true
    return asked.size === 0 ? toHex(first.hash) === toHex(stop) : asked.has(toHex(first.previousBlock))
  }
  const question: Message = { command: 'getheaders', version: PROTOCOL_VERSION, locator, stop }
  const asking = patience(options, HEADERS_TIMEOUT)
  return defer(() => {
    const turn = new Turn(peer)
    const answer = pipe(
      turn.messages(),
      answersOf(peer, 'headers', ({ headers }) => isAnswer(headers)),
      tap(({ headers }) => {
        // So few may have been an announcement that connects, and the answer is still to come.
        if (headers.length === 0 || headers.length > MAX_ANNOUNCED_HEADERS) turn.end()
      }),
      map(({ headers }) => headers),
    )
    return request(peer, question, answer, asking)
  })
}
