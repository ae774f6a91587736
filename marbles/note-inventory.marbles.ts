import { describe, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { marbles } from '../src/testing/marbles.js'
import type { Message } from '../src/wire/messages.js'
import { sampleBlock, sampleCoinbase, sampleTransaction } from '../test/support/samples.js'
import {
  announcing,
  byTxid,
  byWtxid,
  each,
  ids,
  inv,
  numbered,
  ofBlock,
  shaken,
  shakenWtxid,
} from './announcing.js'
import { countedTimers, endAndTimers } from './timers.js'

// What the remote has shown to know, or was told, is not announced to it: rows IV2, IV7 and IV11 of the protocol notes.
// The handshake is over at 0 ms, the next tick of the announcements is at 10 s.

const transaction = sampleTransaction({ inputs: [{ witness: [Uint8Array.of(1)] }] })
const [txid, wtxid] = [
  { type: 1, hash: transaction.txid },
  { type: 5, hash: transaction.wtxid },
]
const block = sampleBlock([sampleCoinbase()])
const many = (count: number) => Array.from({ length: count }, (_, i) => byTxid(i))

/** Everything besides inv that is written, so that diagrams show it. */
const others = { o: { command: 'pong', nonce: 7n } }

describe('what the remote says', () => {
  it.each<[string, Message]>([
    ['announces by txid', inv(byTxid(9), txid)],
    ['announces by wtxid', inv(wtxid)],
    ['sends', { command: 'tx', transaction }],
  ])('IV11 a transaction that it %s is not announced, compared by value', (_, message) => {
    marbles(helpers => {
      for (const handshake of [shaken, shakenWtxid]) {
        const { sent$ } = announcing(helpers, {
          said: `${handshake} 996ms i`,
          deeds: '3s t',
          values: { t: each([transaction, ids(1)]) },
          messages: { i: message },
        })
        const heard = handshake === shaken ? byTxid(1) : byWtxid(1)
        helpers.expectObservable(sent$, '^ 19999ms !').toBe('10s i', { i: inv(heard) })
      }
    })()
  })

  it(
    'IV11 a transaction that either side sent is known by each of its hashes alone',
    marbles(helpers => {
      for (const entry of [txid, wtxid]) {
        const theirs = announcing(helpers, {
          said: `${shaken} 996ms x`,
          deeds: '3s t',
          values: { t: entry },
          messages: { x: { command: 'tx', transaction } },
        })
        helpers.expectObservable(theirs.sent$, '^ 19999ms !').toBe('')
        const ours = announcing(helpers, {
          deeds: '3s s-t',
          values: { s: peer => peer.send({ command: 'tx', transaction }), t: entry },
        })
        helpers
          .expectObservable(ours.sent$, '^ 19999ms !')
          .toBe('3s x', { x: { command: 'tx', transaction } })
      }
    }),
  )

  it(
    'IV11 a bare entry is known by type and hash: another type with this hash is not',
    marbles(helpers => {
      const hash = numbered(7)
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i`,
        deeds: '3s t',
        values: { t: each([1, 5, 0x4000_0001].map(type => ({ type, hash: hash.slice() }))) },
        messages: { i: inv({ type: 5, hash }) },
      })
      helpers
        .expectObservable(sent$, '^ 19999ms !')
        .toBe('10s i', { i: inv({ type: 1, hash }, { type: 0x4000_0001, hash }) })
    }),
  )

  it(
    'IV3 what it says between announcement and tick counts, what it says 1 ms after the tick is too late',
    marbles(helpers => {
      const heard = (said: string) =>
        announcing(helpers, {
          said,
          deeds: '3s t',
          values: { t: byTxid(1) },
          messages: { i: inv(byTxid(1)) },
        }).sent$
      helpers.expectObservable(heard(`${shaken} 9995ms i`), '^ 29999ms !').toBe('')
      helpers
        .expectObservable(heard(`${shaken} 9997ms i`), '^ 29999ms !')
        .toBe('10s i', { i: inv(byTxid(1)) })
    }),
  )

  it.each<[string, Message]>([
    ['asks for', { command: 'getdata', inventory: [byTxid(1)] }],
    ['does not have', { command: 'notfound', inventory: [byTxid(1)] }],
  ])('what it %s is not known', (_, message) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i`,
        deeds: '3s t',
        values: { t: byTxid(1) },
        messages: { i: message },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('10s i', { i: inv(byTxid(1)) })
    })()
  })

  it.each([
    [1000, []],
    [1001, [byTxid(0)]],
  ])('IV7 of an inv of %i entries the last 1000 are known', (count, forgotten) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i`,
        deeds: '3s t',
        values: { t: each([byTxid(0), byTxid(1), byTxid(count - 1), byTxid(5000)]) },
        messages: { i: inv(...many(count)) },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('10s i', { i: inv(...forgotten, byTxid(5000)) })
    })()
  })

  it(
    'blocks take no room in the known inventory',
    marbles(helpers => {
      const blocks = Array.from({ length: 1000 }, (_, i) => ofBlock(i))
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i-b`,
        deeds: '3s (tb)',
        values: { t: byTxid(1), b: block },
        messages: { i: inv(byTxid(1)), b: inv(...blocks, { type: 2, hash: block.header.hash }) },
      })
      helpers
        .expectObservable(sent$, '^ 19999ms !')
        .toBe('3s b', { b: inv({ type: 2, hash: block.header.hash }) })
    }),
  )

  it(
    'knownInventoryLimit is how many are remembered',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i`,
        deeds: '3s t',
        values: { t: each(many(4)) },
        options: { knownInventoryLimit: 2 },
        messages: { i: inv(...many(3)) },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('10s i', { i: inv(byTxid(0), byTxid(3)) })
    }),
  )
})

describe('what we say', () => {
  it.each<[string, Message]>([
    ['an inv by txid', inv(txid)],
    ['an inv by wtxid', inv(wtxid)],
    ['the transaction', { command: 'tx', transaction }],
  ])('IV2 after we sent %s, it is not announced', (_, message) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '3s s-t',
        values: { s: peer => peer.send(message), t: each([transaction, ids(1)]) },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('3s s 6999ms i', { s: message, i: inv(byTxid(1)) })
    })()
  })

  it(
    'what was queued counts when it was really written',
    marbles(helpers => {
      const blocked = (peer: Peer) => {
        peer.send(inv(byTxid(1)))
        peer.announce(byTxid(1))
      }
      const { sent$ } = announcing(helpers, {
        deeds: '3s s',
        values: { s: blocked },
        remoteOptions: { taking: () => {} },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('3s i 6999ms i', { i: inv(byTxid(1)) })
    }),
  )

  it(
    'sends nothing itself, and leaves no timer',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i-x-p`,
        deeds: '3s s',
        values: { s: peer => peer.send(inv(txid)) },
        messages: { i: inv(byTxid(1)), x: { command: 'tx', transaction } },
        options: { scheduler: timers.scheduler },
      })
      helpers.expectObservable(sent$, '^ 4999ms !').toBe('1004ms o 1995ms s', { ...others, s: inv(txid) })
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('5s (e|)', { e: 'close, 0 timers' })
    }),
  )
})

describe('what the user marks', () => {
  it.each([
    ['by its hashes', ids(1)],
    ['by its txid', byTxid(1)],
    ['by its wtxid', byWtxid(1)],
  ])(
    'IV3 marked %s after it was announced: it is left out, and if nothing remains there is no inv',
    (_, marked) => {
      marbles(helpers => {
        const heard = (announced: Parameters<typeof each>[0]) =>
          announcing(helpers, {
            deeds: '3s t 6998ms m',
            values: { t: each(announced), m: peer => peer.markKnown(marked) },
          }).sent$
        helpers.expectObservable(heard([ids(1)]), '^ 29999ms !').toBe('')
        helpers
          .expectObservable(heard([ids(2), ids(1), ids(3)]), '^ 29999ms !')
          .toBe('10s i', { i: inv(byTxid(2), byTxid(3)) })
      })()
    },
  )

  it(
    'IV3 marked as a whole transaction',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '3s t-m',
        values: { t: each([txid, wtxid]), m: peer => peer.markKnown(transaction) },
      })
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('')
    }),
  )
})

describe('without this habit', () => {
  it(
    'what the remote announces is announced to it',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i`,
        deeds: '3s t',
        values: { t: byTxid(1) },
        options: { behaviors: { noteInventory: false } },
        messages: { i: inv(byTxid(1)) },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('10s i', { i: inv(byTxid(1)) })
    }),
  )

  it(
    'each peer has a known inventory of its own',
    marbles(helpers => {
      const one = announcing(helpers, {
        said: `${shaken} 996ms i`,
        deeds: '3s t',
        values: { t: byTxid(1) },
        messages: { i: inv(byTxid(1)) },
      })
      const other = announcing(helpers, { deeds: '3s t', values: { t: byTxid(1) } })
      helpers.expectObservable(one.sent$, '^ 19999ms !').toBe('')
      helpers.expectObservable(other.sent$, '^ 19999ms !').toBe('10s i', { i: inv(byTxid(1)) })
    }),
  )
})
