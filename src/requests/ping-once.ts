import type { Observable } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { randomNonce } from '../stream/environment.js'
import { inquire } from './engine/inquire.js'
import { patience, type RequestOptions } from './request-options.js'

/**
 * Pings and emits the round trip in ms. Errors as `request` does; a remote that speaks version 60000 or less has no pong
 * and times out (BIP31). Each retry is a ping of its own: what it measures is the round trip of the last one.
 * @example pingOnce(peer).subscribe({ next: ms => console.log(ms), error: console.error })
 */
export function pingOnce(peer: Peer, options: RequestOptions = {}): Observable<number> {
  const asking = patience(options)
  return inquire(peer, asking, [], () => {
    const { clock, random } = channelOf(peer)
    let nonce = 0n
    let since = 0
    return {
      question: () => {
        nonce = randomNonce(random)
        since = clock.monotonic()
        return { command: 'ping', nonce }
      },
      answer: message =>
        message.command === 'pong' && message.nonce === nonce
          ? { take: 'claimed', value: clock.monotonic() - since }
          : undefined,
    }
  })
}
