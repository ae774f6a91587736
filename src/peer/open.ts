import { Subscription } from 'rxjs'
import type { Dial } from '../stream/connection.js'
import { attempt } from './attempt.js'
import { dialPeer } from './establish.js'
import { type PeerOptions, resolveOptions } from './options.js'
import type { Peer } from './peer.js'

/**
 * `connect` for people who await. Delivery is held for one macrotask after the peer is there, so that nothing the
 * remote sent along with its verack is lost across the `await`. The end is in `peer.closed$`;
 * `await using peer = await open(…)` closes by itself. (`await firstValueFrom(connect(…))` would disconnect at once:
 * taking the first value unsubscribes.)
 * @param options - those of `connect`, and a `signal`: where it is aborted before the peer is there, the attempt ends and
 * the promise rejects with its reason; afterwards it does nothing
 * @returns the peer; rejects with a PeerError where the handshake does not succeed
 * @throws TypeError at the call, for invalid options
 */
export function open(
  dial: Dial,
  { signal, ...options }: PeerOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<Peer> {
  const peer$ = dialPeer(dial, resolveOptions(options), 'next-task')
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const dialling = new Subscription()
    // What a listener of a signal throws would be nobody's: Node ends the process by it.
    const abort = () => {
      attempt(() => dialling.unsubscribe())
      reject(signal?.reason)
    }
    const settled = () => signal?.removeEventListener('abort', abort)
    signal?.addEventListener('abort', abort, { once: true })
    dialling.add(
      peer$.subscribe({
        next: peer => {
          settled()
          resolve(peer)
        },
        // After the promise has settled, an error has no one to go to: `closed$` tells the end.
        error: error => {
          settled()
          reject(error)
        },
      }),
    )
  })
}
