import { defer, filter, map, type Observable, pipe } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { randomNonce } from '../stream/environment.js'
import { ofCommand } from '../stream/of-command.js'
import { request } from './request.js'
import { askAgain, patience, type RequestOptions } from './request-options.js'

/**
 * Pings and emits the round trip in ms. Errors as `request` does; a remote that speaks version 60000 or less has no pong
 * and times out (BIP31). Each retry is a ping of its own: what it measures is the round trip of the last one.
 * @example pingOnce(peer).subscribe({ next: ms => console.log(ms), error: console.error })
 */
export function pingOnce(peer: Peer, options: RequestOptions = {}): Observable<number> {
  const { timeout, retries } = patience(options)
  return defer(() => {
    const { clock, random } = channelOf(peer)
    const nonce = randomNonce(random)
    const since = clock.monotonic()
    const answer = pipe(
      ofCommand('pong'),
      filter(pong => pong.nonce === nonce),
      map(() => clock.monotonic() - since),
    )
    return request(peer, { command: 'ping', nonce }, answer, { timeout })
  }).pipe(askAgain(retries))
}
