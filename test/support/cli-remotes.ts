import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Subject } from 'rxjs'
import { acceptEach } from '../../src/peer/accept-each.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Endpoint } from '../../src/stream/connection.js'
import { listen } from '../../src/transport/listen.js'

/** Something that listens on loopback until it is disposed of. */
export interface Remote extends AsyncDisposable {
  readonly port: number
  /** `127.0.0.1:port`. */
  readonly at: string
}

/** A listener that does with a socket what `serve` does; for remotes that do not follow the protocol. */
export async function rawRemote(serve: (socket: Socket) => void): Promise<Remote> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    at: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** A remote that shakes hands, and the peers that it has shaken hands with. */
export async function peerRemote(options: PeerOptions): Promise<Remote & { readonly peers$: Subject<Peer> }> {
  const peers$ = new Subject<Peer>()
  let stop = () => {}
  const { port } = await new Promise<Endpoint>((resolve, reject) => {
    const running = listen({ port: 0, linger: 100, listening: resolve })
      .pipe(acceptEach(options))
      .subscribe({ next: peer => peers$.next(peer), error: reject })
    stop = () => running.unsubscribe()
  })
  return {
    port,
    at: `127.0.0.1:${port}`,
    peers$,
    [Symbol.asyncDispose]: async () => stop(),
  }
}
