import { filter, map, merge, takeUntil, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { trickle } from '../src/behaviors/trickle.js'
import type { Peer } from '../src/peer/peer.js'
import { broadcast } from '../src/requests/broadcast.js'
import { marbles } from '../src/testing/marbles.js'
import { type Inventory, InventoryType } from '../src/wire/inventory.js'
import { type Message, toPlain } from '../src/wire/messages.js'
import { sampleTransaction } from '../test/support/samples.js'
import { inv } from './announcing.js'
import { asking, ends, expectNothingLeft, nothing, quiet, shaken } from './asking.js'
import { version } from './cast.js'

const transaction = sampleTransaction({ lockTime: 5, inputs: [{ witness: [Uint8Array.of(1)] }] })
const byTxid = { type: InventoryType.tx, hash: transaction.txid }
const byWitness = { type: InventoryType.witnessTx, hash: transaction.txid }
const byWtxid = { type: InventoryType.wtx, hash: transaction.wtxid }
const other = { type: InventoryType.wtx, hash: transaction.txid }
const getdata = (...inventory: readonly Inventory[]): Message => ({ command: 'getdata', inventory })

// q, r, s ask for it, f for something else; i and j announce it, k something else.
const values: Record<string, Message> = {
  q: getdata(other, byTxid),
  r: getdata(byWitness),
  s: getdata(byWtxid),
  f: getdata(other),
  i: inv(byTxid),
  j: inv(other, byWtxid),
  k: inv(other),
}
const letters = { ...ends, x: 'tx', i: 'inv', f: 'fetched', b: 'announced', n: 'no-relay' }
const ask = (peer: Peer) => broadcast([peer], transaction).pipe(map(({ kind }) => kind))

describe('broadcast', () => {
  it(
    'serves the transaction to whoever asks by one of its names, and tells; what it does not have is not found',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}fq---rs-|`, values, ask })
      helpers
        .expectObservable(question.asked$, '^--------------!')
        .toBe('i---n(xn)xx-|', { ...letters, n: 'notfound' })
      helpers.expectObservable(question.answer$, '^--------------!').toBe('-----f---ff-d', letters)
      const denied$ = question.remote.sent$.pipe(
        filter(message => message.command === 'notfound'),
        map(message => toPlain(message)),
      )
      const denied = toPlain({ command: 'notfound', inventory: [other] })
      helpers.expectObservable(denied$, '^--------------!').toBe('----nn------|', { n: denied })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'says notfound once a getdata, of transactions alone, and not where others serve them or the remote does not know it',
    marbles(helpers => {
      const block = { type: InventoryType.witnessBlock, hash: transaction.txid }
      const compact = { type: InventoryType.compactBlock, hash: transaction.txid }
      const foreign = { type: InventoryType.witnessTx, hash: transaction.wtxid }
      const said = `${shaken}-d`
      const asked = { ...values, d: getdata(block, other, compact, foreign, byTxid) }
      const one = asking(helpers, { said, values: asked, ask })
      const denied$ = one.remote.sent$.pipe(
        filter(message => message.command === 'notfound'),
        map(message => toPlain(message)),
      )
      helpers.expectObservable(one.asked$, '^-----------!').toBe('i----(xn)', { ...letters, n: 'notfound' })
      helpers
        .expectObservable(denied$, '^-----------!')
        .toBe('-----n', { n: toPlain({ command: 'notfound', inventory: [other, foreign] }) })
      helpers.expectObservable(one.answer$, '^-----------!').toBe('-----f', letters)
      const served = asking(helpers, {
        said,
        values: asked,
        ask: peer => broadcast([peer], transaction, { othersServe: true }).pipe(map(({ kind }) => kind)),
      })
      helpers.expectObservable(served.asked$, '^-----------!').toBe('i----x', letters)
      helpers.expectObservable(served.answer$, '^-----------!').toBe('-----f', letters)
      const old = asking(helpers, {
        said,
        values: { ...asked, v: version({ protocolVersion: 70_000 }) },
        ask,
      })
      helpers.expectObservable(old.asked$, '^-----------!').toBe('i----x', letters)
      helpers.expectObservable(old.answer$, '^-----------!').toBe('-----f', letters)
      expectNothingLeft(helpers, one, served, old)
    }),
  )

  it(
    'serves together with all other broadcasts to the peer, each transaction once',
    marbles(helpers => {
      const second = sampleTransaction({ lockTime: 6, inputs: [{ witness: [Uint8Array.of(2)] }] })
      const question = asking(helpers, {
        said: `${shaken}-s-----t`,
        values: { ...values, t: getdata(byWtxid, { type: InventoryType.wtx, hash: second.wtxid }) },
        ask: peer => merge(ask(peer), ask(peer), broadcast([peer], second).pipe(map(() => 'second'))),
      })
      helpers.expectObservable(question.asked$, '^ 20ms !').toBe('(iii)x-----(xx)', letters)
      helpers
        .expectObservable(question.answer$, '^ 20ms !')
        .toBe('-----(ff)--(ffs)', { ...letters, s: 'second' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'queues no more than one of each for a remote that asks and does not read',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}ssssqqqqffff--|`,
        values,
        taking: () => {},
        ask,
      })
      // With the witness, without it, and one notfound.
      helpers
        .expectObservable(question.asked$, '^ 40ms !')
        .toBe('i---x---(xn)------|', { ...letters, n: 'notfound' })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('------------------d', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'ends when it is aborted, and begins nothing where it was before',
    marbles(helpers => {
      const aborting = (abort: AbortController) => (peer: Peer) =>
        broadcast([peer], transaction, { signal: abort.signal }).pipe(map(({ kind }) => kind))
      const abort = new AbortController()
      helpers.scheduler.schedule(() => abort.abort(), 6)
      const question = asking(helpers, { said: `${shaken}-s-s`, values, ask: aborting(abort) })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('i----x', letters)
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-----fa', letters)
      helpers.scheduler.schedule(() => expect(question.left()).toBe(nothing), 8)
      const before = new AbortController()
      before.abort()
      const late = asking(helpers, { ask: aborting(before) })
      helpers.expectObservable(late.asked$, '^-----------!').toBe('')
      helpers.expectObservable(late.answer$, '^-----------!').toBe('a', letters)
      expectNothingLeft(helpers, question, late)
    }),
  )

  it(
    'serves it once for each getdata, and tells when it is really written',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-t`,
        values: { ...values, t: getdata(byTxid, byTxid, byWtxid) },
        taking: written => helpers.scheduler.schedule(written, 10),
        ask,
      })
      helpers.expectObservable(question.asked$, '^ 40ms !').toBe('i----x', letters)
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('---------------f', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'tells of no fetch where the peer closes first',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-s--|`, values, taking: () => {}, ask })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('--------d', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'serves the witness unless asked without',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}qrs`, values, ask })
      const witnesses: boolean[] = []
      question.remote.sent$.subscribe(message => {
        if (message.command === 'tx') witnesses.push(message.transaction.hasWitness)
      })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('----fff', letters)
      expectNothingLeft(helpers, question)
      expect(witnesses).toEqual([false, true, true])
    }),
  )

  it(
    'tells when the peer announces it itself',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}kij`, values, ask })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('i', letters)
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-----bb', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'announces in the form that was negotiated, and takes a getdata at the very call',
    marbles(helpers => {
      const announced = (said: string, entry: Inventory) => {
        const question = asking(helpers, {
          said,
          replies: ({ command }) => (command === 'inv' ? [getdata(entry)] : []),
          ask,
        })
        const entries$ = question.remote.sent$.pipe(
          filter(message => message.command === 'inv'),
          map(message => toPlain(message)),
        )
        helpers.expectObservable(entries$, '^-----!').toBe('i', { i: toPlain(inv(entry)) })
        helpers.expectObservable(question.asked$, '^-----!').toBe('(ix)', letters)
        helpers.expectObservable(question.answer$, '^-----!').toBe('f', letters)
      }
      announced(shaken, byTxid)
      announced('(vwa)', byWtxid)
    }),
  )

  it(
    'announces anew whatever was announced before, and leaves nothing for the trickle when it is given up',
    marbles(helpers => {
      const question = asking(helpers, {
        options: { behaviors: { ...quiet.behaviors, trickle: trickle({ interval: 1_000 }) } },
        ask: peer => {
          ask(peer).subscribe().unsubscribe()
          peer.announce(transaction)
          return ask(peer)
        },
      })
      helpers.expectObservable(question.asked$, '^ 5s !').toBe('(ii)', letters)
      helpers.expectObservable(question.answer$, '^ 5s !').toBe('')
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'tells nothing to a remote that asked for no transactions, and says so',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-s-i`,
        values: { ...values, v: version({ relay: false }) },
        ask,
      })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('')
      helpers.expectObservable(question.answer$, '^-----------!').toBe('n------b', letters)
      // Below 70001 nobody can ask for that (BIP37).
      const old = asking(helpers, {
        values: { v: version({ relay: false, protocolVersion: 70_000 }) },
        ask,
      })
      helpers.expectObservable(old.asked$, '^-----------!').toBe('i', letters)
      helpers.expectObservable(old.answer$, '^-----------!').toBe('')
      expectNothingLeft(helpers, question, old)
    }),
  )

  it(
    'listens to those that it only watches, and takes each peer of a stream when it comes',
    marbles(helpers => {
      const watched = asking(helpers, {
        said: `${shaken}-sij`,
        values,
        ask: peer => broadcast([], transaction, { watch: [peer] }).pipe(map(({ kind }) => kind)),
      })
      helpers.expectObservable(watched.asked$, '^-----------!').toBe('')
      helpers.expectObservable(watched.answer$, '^-----------!').toBe('------bb', letters)
      const streamed = asking(helpers, {
        said: `${shaken}---s`,
        values,
        ask: peer =>
          broadcast(timer(5, helpers.scheduler).pipe(map(() => peer)), transaction).pipe(
            map(({ kind }) => kind),
          ),
      })
      helpers.expectObservable(streamed.asked$, '^-----------!').toBe('-----i-x', letters)
      helpers.expectObservable(streamed.answer$, '^-----------!').toBe('-------f', letters)
      expectNothingLeft(helpers, watched, streamed)
    }),
  )

  it(
    'is cold, also where the peers can be iterated but once',
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => {
          const broadcast$ = broadcast([peer].values(), transaction)
          return merge(broadcast$, broadcast$)
        },
      })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('(ii)', letters)
      helpers.expectObservable(question.answer$, '^-----------!').toBe('')
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'serves nobody after it was given up',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-s-s`,
        values,
        ask: peer => ask(peer).pipe(takeUntil(timer(6, helpers.scheduler))),
      })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('i----x', letters)
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-----fd', letters)
      helpers.scheduler.schedule(() => expect(question.left()).toBe(nothing), 8)
      expectNothingLeft(helpers, question)
    }),
  )
})
