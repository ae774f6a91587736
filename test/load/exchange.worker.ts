/**
 * One of two processes that fetch blocks from each other over one connection: `listen`, or the port to dial. Says
 * `port N` when it listens and `got N` when it has all blocks of the other; serves until it is ended.
 */
import { mergeMap, tap, toArray } from 'rxjs'
import {
  accept,
  connect,
  getBlocks,
  type Peer,
  type PeerOptions,
  regtest,
  Services,
  toHex,
} from '../../src/index.js'
import { listen, tcp } from '../../src/transport/node.js'
import { bigBlock, hashesOf, numbersOf } from './big-blocks.js'

const [, , where = 'listen', count = '40'] = process.argv
const own = where === 'listen' ? 1 : 2
const say = (line: string) => process.stdout.write(`${line}\n`)
const blocks = new Map(
  numbersOf(own, Number(count)).map(number => {
    const block = bigBlock(number)
    return [toHex(block.hash), block]
  }),
)
const wanted = hashesOf(3 - own, Number(count))

function exchange(peer: Peer) {
  peer.on('getdata').subscribe(({ inventory }) => {
    for (const { hash } of inventory) {
      const block = blocks.get(toHex(hash))
      if (block) peer.send({ command: 'block', block })
    }
  })
  return getBlocks(peer, wanted).pipe(
    toArray(),
    tap(got => {
      const right = got.every(({ hash }, i) => toHex(hash) === toHex(wanted[i] ?? hash.subarray(0, 0)))
      say(right ? `got ${got.length}` : 'other blocks')
    }),
  )
}

const options: PeerOptions = { network: regtest, services: Services.network | Services.witness }
const host = '127.0.0.1'
const peers$ =
  where === 'listen'
    ? listen({ host, port: 0, listening: ({ port }) => say(`port ${port}`) }).pipe(
        mergeMap(connection => accept(connection, options)),
      )
    : connect(tcp({ host, port: Number(where) }), options)
peers$.pipe(mergeMap(exchange)).subscribe({ error: error => say(`error ${error.code}: ${error.message}`) })
