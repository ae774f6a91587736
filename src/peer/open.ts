import type { Dial } from '../stream/connection.js'
import { dialSession } from './establish.js'
import { type PeerOptions, resolveOptions } from './options.js'
import type { Peer } from './peer.js'

/**
 * `connect` for people who await. Delivery is held for one macrotask after the peer is there, so that nothing the
 * remote sent along with its verack is lost across the `await`. The end is in `peer.closed$`;
 * `await using peer = await open(…)` closes by itself. (`await firstValueFrom(connect(…))` would disconnect at once:
 * taking the first value unsubscribes.)
 * @returns the peer; rejects with a PeerError where the handshake does not succeed
 * @throws TypeError at the call, for invalid options
 */
export function open(dial: Dial, options: PeerOptions = {}): Promise<Peer> {
  const peer$ = dialSession(dial, resolveOptions(options), 'next-task')
  return new Promise((resolve, reject) => {
    // After the promise has settled, an error has no one to go to: `closed$` tells the end.
    peer$.subscribe({ next: resolve, error: reject })
  })
}
