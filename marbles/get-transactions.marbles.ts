import { count, map } from 'rxjs'
import { describe, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { type GetTransactionsOptions, getTransactions } from '../src/requests/get-transactions.js'
import { marbles } from '../src/testing/marbles.js'
import { toHex } from '../src/wire/hex.js'
import { InventoryType } from '../src/wire/inventory.js'
import type { Message } from '../src/wire/messages.js'
import { Transaction } from '../src/wire/transaction.js'
import { sampleTransaction } from '../test/support/samples.js'
import { asking, ends, expectNothingLeft, givenUp, pongs, shaken } from './asking.js'
import { version } from './cast.js'

/** Transactions with a witness, told apart by their lock time. */
const numbered = (lockTime: number): Transaction =>
  sampleTransaction({ lockTime, inputs: [{ witness: [Uint8Array.of(lockTime)] }] })
const first = numbered(1)
const second = numbered(2)
const foreign = numbered(3)

const tx = (transaction: Transaction): Message => ({ command: 'tx', transaction })
const values = { x: tx(first), y: tx(second), f: tx(foreign) }
const letters = { ...ends, x: 1, y: 2 }
const wtxid = '(vwa)'

const ask =
  (by: 'txid' | 'wtxid', options: GetTransactionsOptions = {}) =>
  (peer: Peer) =>
    getTransactions(
      peer,
      by,
      [first, second].map(each => each[by]),
      options,
    ).pipe(map(({ lockTime }) => lockTime))

const asksBy = (type: string, by: 'txid' | 'wtxid') =>
  ['getdata', ...[first, second].map(each => `${type} ${each[by][0]}`)].join(' ')

describe('getTransactions', () => {
  it(
    'asks by wtxid, and emits in the order of the hashes',
    marbles(helpers => {
      const question = asking(helpers, { said: `${wtxid}-fyx`, values, ask: ask('wtxid') })
      helpers
        .expectObservable(question.asked$, '^-----------!')
        .toBe('q-----p', { q: asksBy('wtx', 'wtxid'), p: 'ping' })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('--------(xyd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks by txid, with witness where the remote has it',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-yx`, values, ask: ask('txid') })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('q', { q: asksBy('witnessTx', 'txid') })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('------(xyd)', letters)
      const old = asking(helpers, {
        said: `${shaken}-y`,
        values: { ...values, v: version({ services: 1n }) },
        ask: ask('txid'),
      })
      helpers.expectObservable(old.asked$, '^-----------!').toBe('q', { q: asksBy('tx', 'txid') })
      helpers.expectObservable(old.answer$, '^-----------!').toBe('')
      expectNothingLeft(helpers, question, old)
    }),
  )

  it(
    'does not take a transaction with another witness for the one of a wtxid',
    marbles(helpers => {
      const changed = Transaction.decode(first.stripped)
      const question = asking(helpers, {
        said: `${wtxid}-cxy`,
        values: { ...values, c: tx(changed) },
        ask: ask('wtxid'),
      })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-------x(yd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails with unanswered where the remote sends another one and answers a ping behind it',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${wtxid}-xf`,
        values,
        replies: pongs,
        ask: ask('wtxid'),
      })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('------xv', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'leaves out what the remote does not have where it is told to',
    marbles(helpers => {
      const notFound: Message = {
        command: 'notfound',
        inventory: [{ type: InventoryType.wtx, hash: first.wtxid }],
      }
      const values$ = { ...values, n: notFound }
      const skip = ask('wtxid', { missing: 'skip', window: 1 })
      const question = asking(helpers, { said: `${wtxid}-n-y`, values: values$, ask: skip })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('a-----b', {
        a: `getdata wtx ${first.wtxid[0]}`,
        b: `getdata wtx ${second.wtxid[0]}`,
      })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('--------(yd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails with not-found, after 30 s without any of them, and with the peer',
    marbles(helpers => {
      const notFound: Message = {
        command: 'notfound',
        inventory: [
          { type: InventoryType.wtx, hash: foreign.wtxid },
          { type: InventoryType.wtx, hash: second.wtxid },
        ],
      }
      const missing = asking(helpers, {
        said: `${wtxid}-xn`,
        values: { ...values, n: notFound },
        ask: ask('wtxid'),
      })
      helpers.expectObservable(missing.answer$, '^ 60s !').toBe('------xn', letters)
      const silent = asking(helpers, { said: `${wtxid}-x-f`, values, ask: ask('wtxid') })
      helpers.expectObservable(silent.answer$, '^ 60s !').toBe('------x 29999ms t', letters)
      const gone = asking(helpers, { said: `${wtxid}-|`, ask: ask('wtxid') })
      helpers.expectObservable(gone.answer$, '^ 60s !').toBe('------c', letters)
      expectNothingLeft(helpers, missing, silent, gone)
    }),
  )

  it(
    'asks for 16 at first, and for twice as many while they are small, 1000 at most',
    marbles(helpers => {
      const many = Array.from({ length: 3_000 }, (_, i) => numbered(i))
      const byHash = new Map(many.map(each => [toHex(each.wtxid), each]))
      const question = asking(helpers, {
        replies: message =>
          message.command === 'getdata'
            ? Array.from(message.inventory, ({ hash }) => tx(byHash.get(toHex(hash)) ?? first))
            : [],
        ask: peer =>
          getTransactions(
            peer,
            'wtxid',
            many.map(({ wtxid: hash }) => hash),
          ).pipe(count()),
      })
      const sizes$ = question.asked$.pipe(map(asked => asked.split('wtx').length - 1))
      helpers.expectObservable(sizes$, '^-------!').toBe('(abcdefghhi)', {
        a: 16,
        b: 24,
        c: 48,
        d: 96,
        e: 192,
        f: 384,
        g: 744,
        h: 500,
        i: 496,
      })
      helpers.expectObservable(question.answer$, '^-------!').toBe('(nd)', { ...ends, n: 3_000 })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask: ask('txid') }, 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
    }),
  )
})
