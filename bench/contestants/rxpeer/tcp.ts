/** Rows over real sockets, against a server in a process of its own; its port is the argument. */
import { last, lastValueFrom, map } from 'rxjs'
import { getBlocks, type Message, open, type Peer, syncHeaders } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import { BlockHeader, HEADER_SIZE, mainnet, type Network, regtest } from 'rxpeer/wire'
import { split } from '../parts.js'
import type { Tasks } from '../serve.js'
import { written } from './messages.js'

const dial = (port: number, network: Network): Promise<Peer> =>
  open(tcp({ host: '127.0.0.1', port }), { network })

/** How many blocks the server sends for one `mempool`. */
const BLOCKS = 8

export const overTcp: Tasks = {
  'tcp-blocks': async (_, port) => {
    const peer = await dial(port, mainnet)
    let count = 0
    let next: (message: Message) => void = () => {}
    let finished = () => {}
    peer.on('block').subscribe(message => {
      count += 1
      next(message)
      if (count === BLOCKS) finished()
    })
    const fetch = () =>
      new Promise<number>(resolve => {
        count = 0
        finished = () => resolve(count)
        peer.send({ command: 'mempool' })
      })
    return {
      run: fetch,
      digest: async () => {
        const all: Uint8Array[] = []
        next = message => all.push(...written(message))
        await fetch()
        next = () => {}
        return all
      },
    }
  },
  'sync-headers': (_, port) => {
    const sync = async () => {
      const peer = await dial(port, regtest)
      const height = await lastValueFrom(
        syncHeaders(peer).pipe(
          last(),
          map(progress => progress.height),
        ),
      )
      peer.disconnect()
      return height
    }
    return { run: sync, digest: async () => [Uint8Array.of(await sync())] }
  },
  'get-blocks': async (input, port) => {
    const peer = await dial(port, regtest)
    const hashes = split(input).map(block => new BlockHeader(block.subarray(0, HEADER_SIZE)).hash)
    const fetch = () =>
      new Promise<number>((resolve, reject) => {
        let count = 0
        getBlocks(peer, hashes).subscribe({
          next: block => {
            count += block.transactions.length
          },
          error: reject,
          complete: () => resolve(count),
        })
      })
    return { run: fetch, digest: async () => [Uint8Array.of(await fetch())] }
  },
}
