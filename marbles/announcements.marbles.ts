import { map, type Observable } from 'rxjs'
import { describe, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { announcements } from '../src/requests/announcements.js'
import { getHeaders } from '../src/requests/get-headers.js'
import { marbles } from '../src/testing/marbles.js'
import { type Inventory, InventoryType } from '../src/wire/inventory.js'
import type { Message } from '../src/wire/messages.js'
import { unknownAddress } from '../src/wire/netaddress.js'
import { toCompactBlock } from '../src/wire/reconstruct.js'
import { inv, numbered } from './announcing.js'
import {
  asking,
  block,
  ends,
  expectNothingLeft,
  givenUp,
  hashAt,
  headersMessage,
  heightOf,
  shaken,
} from './asking.js'

const ofBlock = (height: number): Inventory => ({ type: InventoryType.block, hash: hashAt(height) })
const byTxid = (number: number): Inventory => ({ type: InventoryType.tx, hash: numbered(number << 24) })
const byWtxid = (number: number): Inventory => ({ type: InventoryType.wtx, hash: numbered(number << 24) })
const address = (port: number) => ({ ...unknownAddress, time: 1_700_000_000, port })

// i announces by inv, h and n by headers (n too many of them), c by cmpctblock, t transactions, d and e addresses.
const values: Record<string, Message> = {
  i: inv(ofBlock(1), byTxid(7), ofBlock(2)),
  h: headersMessage(3, 4),
  n: headersMessage(3, 11),
  c: { command: 'cmpctblock', ...toCompactBlock(block(5), 1n) },
  t: inv(byTxid(1), ofBlock(1), byWtxid(2), { type: InventoryType.witnessTx, hash: numbered(3) }),
  d: { command: 'addr', addresses: [address(1), address(2)] },
  e: { command: 'addrv2', addresses: [address(3)] },
  o: { command: 'headers', headers: [] },
}
const letters = {
  ...ends,
  1: 'block 1',
  2: 'block 2',
  3: 'block 3 with its header',
  4: 'block 4 with its header',
  5: 'block 5 with its header',
  x: 'txid 1',
  y: 'wtxid 2',
  p: 'port 1',
  q: 'port 2',
  r: 'port 3',
}

const blocks = (peer: Peer): Observable<string> =>
  announcements(peer, 'block').pipe(
    map(({ hash, header }) => `block ${heightOf(hash)}${header ? ' with its header' : ''}`),
  )
const transactions = (peer: Peer): Observable<string> =>
  announcements(peer, 'tx').pipe(map(({ by, hash }) => `${by} ${hash[0]}`))
const addresses = (peer: Peer): Observable<string> =>
  announcements(peer, 'address').pipe(map(({ port }) => `port ${port}`))

describe('announcements', () => {
  it(
    'tells blocks in whatever form they come, and completes with the peer',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}i---h---c-d|`, values, ask: blocks })
      helpers.expectObservable(question.answer$, '^ 20ms !').toBe('----(12)(34)5--d', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'tells transactions by the hash that they are announced by, and addresses of either form',
    marbles(helpers => {
      const tx = asking(helpers, { said: `${shaken}h-t---d-e`, values, ask: transactions })
      helpers.expectObservable(tx.answer$, '^ 20ms !').toBe('------(xy)', letters)
      const addr = asking(helpers, { said: `${shaken}h-t---d---e`, values, ask: addresses })
      helpers.expectObservable(addr.answer$, '^ 20ms !').toBe('----------(pq)r', letters)
      expectNothingLeft(helpers, tx, addr)
    }),
  )

  it(
    'tells no headers that somebody has asked for, and none that are too many to be announced',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}o-n`,
        values,
        ask: peer => {
          getHeaders(peer, [hashAt(2)]).subscribe({ error: () => {} })
          return blocks(peer)
        },
      })
      helpers.expectObservable(question.asked$, '^ 20ms !').toBe('q', { q: 'getheaders 2' })
      helpers.expectObservable(question.answer$, '^ 20ms !').toBe('')
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'waits while handlers hold more than they may',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-e`,
        values,
        ask: peer => {
          const release = peer.hold(6_000_000)
          helpers.scheduler.schedule(release, 9)
          return addresses(peer)
        },
      })
      helpers.expectObservable(question.answer$, '^ 20ms !').toBe('---------r', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask: blocks }, 5)
      const hears = '0 questions, 3 subscriptions, 0 timers'
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', { ...ends, l: hears })
    }),
  )
})
