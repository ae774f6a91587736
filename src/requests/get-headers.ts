import { defer, EMPTY, mergeMap, type Observable, type OperatorFunction, of } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { randomNonce } from '../stream/environment.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { toHex } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import type { Message } from '../wire/messages.js'
import { PROTOCOL_VERSION, protocolVersions } from '../wire/versions.js'
import { type RequestOptions, request } from './request.js'
import { RequestError } from './request-error.js'

/** How to ask for headers. */
export interface GetHeadersOptions extends RequestOptions {
  /** The last block wanted, wire order. Default: as many as the remote gives, at most 2000. */
  readonly stop?: Hash | undefined
}

/** ms in which headers have to come: looking them up takes a node longer than anything else (btcd). */
const HEADERS_TIMEOUT = 90_000

/**
 * Picks the headers that answer. Others may be an announcement, or the answer to somebody else: whether they were meant
 * for us shows in a ping behind them, since a node answers in order. When its pong comes first, they were.
 */
function answerOf(
  peer: Peer,
  isAnswer: (headers: List<BlockHeader>) => boolean,
): OperatorFunction<Message, List<BlockHeader>> {
  return messages$ =>
    defer(() => {
      let fence: bigint | undefined
      return messages$.pipe(
        mergeMap(message => {
          if (message.command === 'pong' && message.nonce === fence) {
            throw new RequestError('bad-answer', 'the headers connect to nothing that was asked for')
          }
          if (message.command !== 'headers') return EMPTY
          if (isAnswer(message.headers)) return of(message.headers)
          if (fence === undefined && peer.protocolVersion > protocolVersions.bip31) {
            fence = randomNonce(peer.environment.random)
            peer.send({ command: 'ping', nonce: fence })
          }
          return EMPTY
        }),
      )
    })
}

/**
 * Asks for the headers behind the best block of the locator that the remote knows, else behind the network's first block,
 * and emits its answer, which is empty where there are none. Announcements that do not connect to the locator are not
 * taken for it. With an empty locator the one header of `stop` is asked for. Errors as `request` does, after 90 s by
 * default, and with `bad-answer` where the remote answered with headers that connect to nothing.
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
  const question: Message = { command: 'getheaders', version: PROTOCOL_VERSION, locator, stop }
  return request(peer, question, answerOf(peer, isAnswer), { timeout, retries })
}
