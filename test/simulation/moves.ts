import { map, mergeMap, Observable, of, tap, timer } from 'rxjs'
import type { Take } from '../../src/peer/channel.js'
import { consume } from '../../src/peer/consume.js'
import { channelOf } from '../../src/peer/face.js'
import type { Peer } from '../../src/peer/peer.js'
import { getBlocks } from '../../src/requests/get-blocks.js'
import { getHeaders } from '../../src/requests/get-headers.js'
import { getTransactions } from '../../src/requests/get-transactions.js'
import { pingOnce } from '../../src/requests/ping-once.js'
import { request } from '../../src/requests/request.js'
import { RequestError } from '../../src/requests/request-error.js'
import { ofCommand } from '../../src/stream/of-command.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { InventoryType } from '../../src/wire/inventory.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { answersTo, blocks, transactions } from './answers.js'
import { SERVED } from './habits.js'
import type { Tag, World } from './world.js'

/** Something that can happen next, and how likely it is beside the others. */
export interface Move {
  readonly weight: number
  act(world: World): void
}

const numbered =
  (name: string, size: number) =>
  (tag: Tag): Message => {
    const payload = new Uint8Array(4 + size)
    new DataView(payload.buffer).setUint32(0, tag)
    return { command: 'unknown', name, payload }
  }

/** A move of the user's side, while there is a peer. */
const user = (weight: number, act: (world: World, peer: Peer) => void): Move => ({
  weight,
  act: world => {
    if (world.peer !== undefined) act(world, world.peer)
  },
})

/** A move of the remote's side; what it said is on the wire afterwards, alone or with what it says next. */
const remote = (weight: number, act: (world: World) => void): Move => ({
  weight,
  act: world => {
    if (world.remote.gone !== undefined) return
    act(world)
    if (world.pick(3) > 0) world.remote.speak(world.pick)
  },
})

const few = <T>(world: World, items: readonly T[]): readonly T[] =>
  items.slice(world.pick(items.length), 1 + world.pick(items.length))

function askForData(world: World, most: number): void {
  const inventory = few(world, blocks.slice(0, most)).map(({ hash }) => ({ type: InventoryType.block, hash }))
  const answers = Array.from({ length: SERVED * inventory.length }, () => 'served')
  world.inquire({ command: 'getdata', inventory }, ...answers)
}

function askForAddresses(world: World): void {
  world.inquire({ command: 'getaddr' }, 'addr')
}

/** A question that nothing answers, and that holds back what it sees. */
function bareQuestion(world: World, peer: Peer): Observable<never> {
  const channel = channelOf(peer)
  const takes: readonly Take[] = ['passed', 'shared']
  return new Observable(subscriber => {
    subscriber.add(channel.charge(world.pick(5_000)))
    subscriber.add(
      channel.ask({
        take: () => takes[world.pick(takes.length)] ?? 'passed',
        ended: ({ code }) => subscriber.error(new RequestError('peer-closed', code)),
      }),
    )
    subscriber.add(channel.whenClear(() => {}))
    subscriber.add(timer(world.pick(60_000), world.time.scheduler).subscribe(() => subscriber.complete()))
  })
}

const patience = ({ pick }: World) => ({ timeout: 1 + pick(30_000), retries: pick(3) })

/** Answers what was asked next; whether something was. */
export function answerNext(world: World): boolean {
  const { heard } = world.remote
  const asked = heard[world.answered]
  if (asked === undefined) return false
  world.answered += 1
  for (const answer of answersTo(asked)) world.remote.say(answer)
  return true
}

/** All that can happen, by name. A new move is a row. */
export const moves: Readonly<Record<string, Move>> = {
  'the remote pings': remote(6, world => world.tell(tag => ({ command: 'ping', nonce: BigInt(tag) }))),
  'the remote says something': remote(6, world => world.tell(numbered('mystery', world.pick(200)))),
  'the remote says much': remote(3, world => world.tell(numbered('mystery', world.pick(30_000)))),
  'the remote asks for data': remote(3, world => askForData(world, blocks.length)),
  'the remote asks for addresses': remote(2, askForAddresses),
  'the remote asks for much': remote(2, world => {
    for (let left = world.pick(20); left > 0; left -= 1) askForAddresses(world)
    for (let left = world.pick(20); left > 0; left -= 1) askForData(world, 1)
  }),
  'the remote announces': remote(2, world => {
    const header = blocks[world.pick(blocks.length)]?.header
    if (header !== undefined) world.remote.say({ command: 'headers', headers: [header] })
  }),
  'the remote answers': remote(10, answerNext),
  'the remote answers much': remote(3, world => {
    while (answerNext(world)) world.pick(1)
  }),
  'the remote passes over a question': remote(1, world => {
    if (world.answered < world.remote.heard.length) world.answered += 1
  }),
  'the remote answers again': remote(1, world => {
    for (const asked of world.remote.heard.slice(-2))
      for (const one of answersTo(asked)) world.remote.say(one)
  }),
  'the remote answers something else': remote(2, world => {
    const wrong: readonly Message[] = [
      { command: 'pong', nonce: 5n },
      { command: 'headers', headers: [] },
      { command: 'notfound', inventory: [{ type: InventoryType.tx, hash: regtest.genesis.hash }] },
      { command: 'tx', transaction: transactions[world.pick(12)] ?? transactions[0]! },
      { command: 'block', block: blocks[world.pick(12)] ?? blocks[0]! },
    ]
    world.remote.say(wrong[world.pick(wrong.length)]!)
  }),
  'the remote says nonsense': remote(0.3, world => {
    const bytes = frameOf({ command: 'ping', nonce: 1n })
    const at = [0, 20, 24][world.pick(3)] ?? 0
    bytes[at] = (bytes[at] ?? 0) ^ 1
    world.remote.say(bytes)
  }),
  'the remote ends': remote(0.3, world => world.remote.eof()),
  'the remote resets': remote(0.3, world => world.remote.reset()),
  'the remote reads slowly': remote(2, world => {
    world.remote.taking = 'bit by bit'
  }),
  'the remote reads at once': remote(1, world => {
    world.remote.taking = 'at once'
    world.remote.take(world.pick(50))
  }),
  'the remote reads a little': remote(6, world => world.remote.take(1 + world.pick(5))),

  'the user holds': user(4, (world, peer) => void world.holds.push(peer.hold(world.pick(20_000)))),
  'the user lets go': user(6, world => {
    const [release] = world.holds.splice(world.pick(world.holds.length), 1)
    release?.()
  }),
  'the user takes long': user(1, (world, peer) => {
    const { scheduler } = world.time
    const handled$ = peer
      .on('unknown')
      .pipe(consume(peer, () => timer(world.pick(2_000), scheduler), { concurrency: 1 + world.pick(2) }))
    world.handlers.push(handled$.subscribe())
  }),
  'the user asks while it handles': user(1, (world, peer) => {
    const asked$ = peer.on('unknown').pipe(
      consume(peer, () => {
        const answer$ = pingOnce(peer, patience(world))
        return of(undefined).pipe(
          tap(() => world.ask('a ping of a handler', answer$)),
          mergeMap(() => timer(50, world.time.scheduler)),
        )
      }),
    )
    world.handlers.push(asked$.subscribe())
  }),
  'the user handles badly': user(1, (world, peer) => {
    world.handlers.push(peer.messages$.subscribe(() => world.mayThrow('a handler')))
  }),
  'the user sends': user(5, (world, peer) =>
    world.ask('a message', peer.send(numbered('ours', world.pick(300))(world.number()))),
  ),
  'the user sends much': user(1, (world, peer) =>
    world.ask('a large message', peer.send(numbered('ours', world.pick(60_000))(world.number()))),
  ),
  'the user sends very much': user(1, (world, peer) => {
    for (let left = 5 + world.pick(10); left > 0; left -= 1) {
      const size = world.pick(3) === 0 ? 50_000 : 100
      world.ask('one of many messages', peer.send(numbered('ours', size)(world.number())))
    }
  }),
  'the user sends as it is told': user(1, (world, peer) => {
    const echo$ = peer.on('ping').pipe(map(() => numbered('echo', 10)(0)))
    world.handlers.push(echo$.subscribe(peer.outbound))
  }),
  'the user announces': user(1, (world, peer) => {
    const transaction = transactions[world.pick(12)]
    if (transaction !== undefined) peer.announce(transaction)
  }),
  'the user pings': user(4, (world, peer) => world.ask('a ping', pingOnce(peer, patience(world)))),
  'the user asks for addresses': user(1, (world, peer) =>
    world.ask('a request', request(peer, { command: 'getaddr' }, ofCommand('inv'), patience(world))),
  ),
  'the user asks for headers': user(3, (world, peer) =>
    world.ask('headers', getHeaders(peer, [regtest.genesis.hash], patience(world))),
  ),
  'the user asks for blocks': user(3, (world, peer) => {
    const hashes = few(world, blocks).map(({ hash }) => hash)
    const options = { ...patience(world), window: 1 + world.pick(8) }
    world.ask('blocks', getBlocks(peer, hashes, options).pipe(consume(peer, of, { bytes: () => 300 })))
  }),
  'the user asks for transactions': user(3, (world, peer) => {
    const txids = few(world, [...transactions.map(({ txid }) => txid), regtest.genesis.hash])
    const missing = world.pick(2) === 0 ? 'fail' : 'skip'
    world.ask('transactions', getTransactions(peer, 'txid', txids, { ...patience(world), missing }))
  }),
  'the user asks by the channel': user(2, (world, peer) =>
    world.ask('a bare question', bareQuestion(world, peer)),
  ),
  'the user forgets': user(1, world => world.forget()),
  'the user disconnects': user(0.2, world => world.disconnect()),
  'the user unsubscribes': user(0.2, world => world.unsubscribe()),

  'a moment passes': { weight: 8, act: world => world.time.advance(world.pick(50)) },
  'time passes': { weight: 4, act: world => world.time.advance(world.pick(10_000)) },
  'much time passes': { weight: 0.5, act: world => world.time.advance(world.pick(200_000)) },
}
