/**
 * One of two processes that fetch blocks from each other over one connection: `listen`, or the port to dial; how many;
 * who serves, a `handler` that sends or a `behavior` whose answers are pulled; bytes a second that it reads. Says `port N`
 * when it listens and `got N` when it has all blocks of the other; serves until it is ended.
 */
import { map, mergeMap, tap, toArray } from 'rxjs'
import type { Behavior } from '../../src/behaviors/behavior.js'
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
import type { Connection } from '../../src/stream/connection.js'
import { chaos } from '../../src/testing/chaos.js'
import { listen, tcp } from '../../src/transport/node.js'
import type { Inventory } from '../../src/wire/inventory.js'
import type { Message } from '../../src/wire/messages.js'
import { bigBlock, hashesOf, numbersOf } from './big-blocks.js'

const [, , where = 'listen', count = '40', server = 'handler', throttle = ''] = process.argv
const own = where === 'listen' ? 1 : 2
const say = (line: string) => process.stdout.write(`${line}\n`)
const blocks = new Map(
  numbersOf(own, Number(count)).map(number => {
    const block = bigBlock(number)
    return [toHex(block.hash), block]
  }),
)
const wanted = hashesOf(3 - own, Number(count))

function* served(inventory: Iterable<Inventory>): Generator<Message> {
  for (const { hash } of inventory) {
    const block = blocks.get(toHex(hash))
    if (block !== undefined) yield { command: 'block', block }
  }
}

const serve: Behavior = ({ on }) => on('getdata').pipe(map(({ inventory }) => served(inventory)))

function exchange(peer: Peer) {
  if (server === 'handler') {
    peer.on('getdata').subscribe(({ inventory }) => {
      for (const message of served(inventory)) peer.send(message)
    })
  }
  return getBlocks(peer, wanted).pipe(
    toArray(),
    tap(got => {
      const right = got.every(({ hash }, i) => toHex(hash) === toHex(wanted[i] ?? hash.subarray(0, 0)))
      say(right ? `got ${got.length}` : 'other blocks')
    }),
  )
}

const slowed = (connection: Connection) =>
  throttle === '' ? connection : chaos(connection, { inbound: { throttle: Number(throttle) } })
const options: PeerOptions = {
  network: regtest,
  services: Services.network | Services.witness,
  behaviors: server === 'behavior' ? { serve } : {},
}
const host = '127.0.0.1'
const peers$ =
  where === 'listen'
    ? listen({ host, port: 0, listening: ({ port }) => say(`port ${port}`) }).pipe(
        mergeMap(connection => accept(slowed(connection), options)),
      )
    : connect(tcp({ host, port: Number(where) }).pipe(map(slowed)), options)
peers$.pipe(mergeMap(exchange)).subscribe({ error: error => say(`error ${error.code}: ${error.message}`) })
