/** What a connection costs: to open, both sides, and to keep. */
import { take } from 'rxjs'
import { acceptEach, connect, createNonces, type Peer } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { regtest } from 'rxpeer/wire'
import { idleCost } from '../idle-cost.js'
import type { Tasks } from '../serve.js'
import { Feed, openPeer } from './peer.js'

const fail = (error: unknown) => {
  throw error
}

export const connections: Tasks = {
  handshake: async () => {
    // Each side its own, or they would take each other for themselves.
    const [here, there] = [createNonces(), createNonces()]
    let accepted: (peer: Peer) => void = () => {}
    const port = await new Promise<number>(resolve => {
      listen({ port: 0, listening: endpoint => resolve(endpoint.port) })
        .pipe(acceptEach({ network: regtest, nonces: there }))
        .subscribe({ next: peer => accepted(peer), error: fail })
    })
    const shakeHands = async () => {
      const theirs = new Promise<Peer>(resolve => {
        accepted = resolve
      })
      const ours = await new Promise<Peer>(resolve => {
        connect(tcp({ host: '127.0.0.1', port }), { network: regtest, nonces: here }).subscribe({
          next: resolve,
          error: fail,
        })
      })
      const ended = new Promise(resolve => theirs.then(peer => peer.closed$.pipe(take(1)).subscribe(resolve)))
      await theirs
      ours.disconnect()
      await ended
      return 1
    }
    return { run: shakeHands, digest: async () => [Uint8Array.of(await shakeHands())] }
  },
  'idle-heap': () => ({ gauge: () => idleCost(() => openPeer(new Feed()), 'heap') }),
  idle: (_, port) => ({
    gauge: () =>
      idleCost(
        () =>
          new Promise(resolve => {
            connect(tcp({ host: '127.0.0.1', port }), { network: regtest }).subscribe({
              next: resolve,
              error: fail,
            })
          }),
      ),
  }),
}
