import { concat, count, map, type Observable, take, timer } from 'rxjs'
import { describe, it } from 'vitest'
import { consume } from '../src/peer/consume.js'
import type { Peer } from '../src/peer/peer.js'
import { type Announced, fetchAnnounced } from '../src/requests/fetch-announced.js'
import { marbles } from '../src/testing/marbles.js'
import { Block } from '../src/wire/block.js'
import { toHex } from '../src/wire/hex.js'
import { type Inventory, InventoryType } from '../src/wire/inventory.js'
import type { Message } from '../src/wire/messages.js'
import { toCompactBlock } from '../src/wire/reconstruct.js'
import { Services } from '../src/wire/services.js'
import { sampleTransaction } from '../test/support/samples.js'
import { inv } from './announcing.js'
import {
  asking,
  block,
  blockMessage,
  ends,
  expectNothingLeft,
  givenUp,
  hashAt,
  headersMessage,
  heightOf,
  shaken,
} from './asking.js'
import { version } from './cast.js'

const transaction = sampleTransaction({ lockTime: 5, inputs: [{ witness: [Uint8Array.of(1)] }] })
const ofBlock = (height: number): Inventory => ({ type: InventoryType.block, hash: hashAt(height) })
const byTxid = { type: InventoryType.tx, hash: transaction.txid }
const byWtxid = { type: InventoryType.wtx, hash: transaction.wtxid }

// i, j, k announce; x, y are the blocks 1 and 2, t the transaction.
const values: Record<string, Message> = {
  i: inv(ofBlock(1), byTxid),
  j: inv(ofBlock(1), ofBlock(2)),
  k: inv(byWtxid),
  x: blockMessage(1),
  y: blockMessage(2),
  t: { command: 'tx', transaction },
  n: { command: 'notfound', inventory: [{ type: InventoryType.witnessBlock, hash: hashAt(1) }] },
}
const letters = {
  ...ends,
  x: 'block 1',
  y: 'block 2',
  t: 'tx 5',
  q: 'getdata witnessBlock 1',
  r: 'getdata witnessBlock 2',
  s: `getdata witnessTx ${transaction.txid[0]}`,
  w: `getdata wtx ${transaction.wtxid[0]}`,
}

const ask =
  (...types: readonly [Announced, ...Announced[]]) =>
  (peer: Peer) =>
    fetchAnnounced(peer, ...types).pipe(
      map(message =>
        message.command === 'block'
          ? `block ${heightOf(message.block.hash)}`
          : `tx ${message.transaction.lockTime}`,
      ),
    )

describe('fetchAnnounced', () => {
  it(
    'asks for each thing of its types once, emits it once, and ends with the peer',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}ixjiyxxt|`, values, ask: ask('block') })
      helpers.expectObservable(question.asked$, '^--------------!').toBe('----q-r-----|', letters)
      helpers.expectObservable(question.answer$, '^--------------!').toBe('-----x--y---d', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks for transactions with witness by txid, and by wtxid where the remote announces that',
    marbles(helpers => {
      const old = asking(helpers, { said: `${shaken}it`, values, ask: ask('tx') })
      helpers.expectObservable(old.asked$, '^--------!').toBe('----s', letters)
      helpers.expectObservable(old.answer$, '^--------!').toBe('-----t', letters)
      const modern = asking(helpers, { said: '(vwa)kt', values, ask: ask('tx') })
      helpers.expectObservable(modern.asked$, '^--------!').toBe('-----w', letters)
      helpers.expectObservable(modern.answer$, '^--------!').toBe('------t', letters)
      expectNothingLeft(helpers, old, modern)
    }),
  )

  it(
    'asks for both in one getdata, and a remote without witnesses for none',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}itx`,
        values: { ...values, v: version({ services: 1n }) },
        ask: ask('block', 'tx'),
      })
      helpers
        .expectObservable(question.asked$, '^--------!')
        .toBe('----b', { b: `getdata block 1 tx ${transaction.txid[0]}` })
      helpers.expectObservable(question.answer$, '^--------!').toBe('-----tx', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'passes over what was not announced, and what others ask for',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}xyti-j-y`, values, ask: ask('block') })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('-------q-r', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-----------y', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks again for what was not found when it is announced again',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}iiniix`, values, ask: ask('block') })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('----q--q', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('---------x', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks by the negotiated name alone, also where both are announced',
    marbles(helpers => {
      const question = asking(helpers, { said: '(vwa)ikt', values, ask: ask('tx') })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('------w', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-------t', letters)
      const old = asking(helpers, { said: `${shaken}kit`, values, ask: ask('tx') })
      helpers.expectObservable(old.asked$, '^-------------!').toBe('-----s', letters)
      helpers.expectObservable(old.answer$, '^-------------!').toBe('------t', letters)
      expectNothingLeft(helpers, question, old)
    }),
  )

  it(
    'asks again for what did not come for a minute, when it is announced again',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}i 59998ms ii`,
        values,
        ask: ask('block'),
      })
      helpers.expectObservable(question.asked$, '^ 70s !').toBe('----q 59999ms q', letters)
      helpers.expectObservable(question.answer$, '^ 70s !').toBe('')
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails with bad-answer where a block has other transactions than its header commits to',
    marbles(helpers => {
      const tampered = Block.from(block(1).header, [...block(2).transactions])
      const question = asking(helpers, {
        said: `${shaken}ix`,
        values: { ...values, x: { command: 'block', block: tampered } },
        ask: ask('block'),
      })
      helpers.expectObservable(question.answer$, '^-------!').toBe('-----b', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'takes answers at the very call',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}i`,
        values,
        replies: ({ command }) => (command === 'getdata' ? [blockMessage(1)] : []),
        ask: ask('block'),
      })
      helpers.expectObservable(question.answer$, '^--------!').toBe('----x', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'is cold: each subscription remembers for itself',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}ixix`,
        values,
        ask: peer => {
          const block$ = ask('block')(peer).pipe(take(1))
          return concat(block$, block$)
        },
      })
      helpers.expectObservable(question.asked$, '^--------!').toBe('----q-q', letters)
      helpers.expectObservable(question.answer$, '^--------!').toBe('-----x-(xd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks for blocks that are announced by headers or cmpctblock too',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}hxc-y`,
        values: {
          ...values,
          h: headersMessage(1, 1),
          c: { command: 'cmpctblock', ...toCompactBlock(block(2), 1n) },
        },
        ask: ask('block'),
      })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('----q-r', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-----x--y', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'keeps from users what it has asked for, and nothing else',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}xixxyn-m`,
        values: {
          ...values,
          m: {
            command: 'notfound',
            inventory: [
              { type: InventoryType.witnessBlock, hash: hashAt(9) },
              { type: InventoryType.witnessTx, hash: transaction.txid },
            ],
          },
        },
        ask: ask('block', 'tx'),
      })
      helpers.expectObservable(question.heard$, '^-------------!').toBe('----xi-xyn-n', {
        x: 'block 1',
        i: 'inv',
        y: 'block 2',
        n: 'notfound',
      })
      helpers.expectObservable(question.answer$, '^-------------!').toBe('------x', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  describe('of very many', () => {
    const many = Array.from({ length: 6_000 }, (_, i) =>
      sampleTransaction({ lockTime: i, inputs: [{ witness: [Uint8Array.of(1)] }] }),
    )
    const byHash = new Map(many.map(each => [toHex(each.wtxid), each]))
    const announced: Message = inv(...many.map(({ wtxid: hash }) => ({ type: InventoryType.wtx, hash })))
    const serving = (message: Message): readonly Message[] =>
      message.command === 'getdata'
        ? Array.from(message.inventory, ({ hash }) => ({
            command: 'tx' as const,
            transaction: byHash.get(toHex(hash)) ?? transaction,
          }))
        : []
    const sizesOf = (asked$: Observable<string>) => asked$.pipe(map(asked => asked.split('wtx').length - 1))

    it(
      'asks for a few at a time, and passes over what is more than it may want',
      marbles(helpers => {
        const question = asking(helpers, {
          said: '(vwa)j',
          values: { j: announced },
          replies: serving,
          ask: peer => fetchAnnounced(peer, 'tx').pipe(take(5_000), count()),
        })
        const sizes$ = sizesOf(question.asked$)
        helpers.expectObservable(sizes$.pipe(take(3)), '^-----!').toBe('-----(abc|)', { a: 16, b: 24, c: 48 })
        helpers.expectObservable(question.answer$, '^ 60s !').toBe('-----(nd)', { ...ends, n: 5_000 })
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'charges what it has to remember, and asks for nothing while handlers hold too much',
      marbles(helpers => {
        const question = asking(helpers, {
          said: '(vwa)j',
          values: { j: announced },
          replies: serving,
          ask: peer => {
            const release = peer.hold(6_000_000)
            helpers.scheduler.schedule(release, 20)
            return fetchAnnounced(peer, 'tx').pipe(
              // Each takes what all together may.
              consume(peer, () => timer(1_000, helpers.scheduler), { bytes: () => 6_000_000 }),
              take(2),
              map(() => 1),
            )
          },
        })
        // What is announced waits for users as well.
        helpers.expectObservable(sizesOf(question.asked$), '^ 60s !').toBe('20ms a', { a: 16 })
        helpers
          .expectObservable(question.answer$, '^ 60s !')
          .toBe('1020ms 1 999ms (1d)', { ...letters, 1: 1 })
        expectNothingLeft(helpers, question)
      }),
    )
  })

  it(
    'asks nothing where blocks are wanted of a remote that offers none',
    marbles(helpers => {
      const offering = (...types: readonly [Announced, ...Announced[]]) =>
        asking(helpers, {
          said: `${shaken}i`,
          values: { ...values, v: version({ services: Services.witness }) },
          ask: ask(...types),
        })
      const [blocks, transactions] = [offering('block', 'tx'), offering('tx')]
      helpers.expectObservable(blocks.asked$, '^-----!').toBe('')
      helpers.expectObservable(blocks.answer$, '^-----!').toBe('o', letters)
      helpers.expectObservable(transactions.asked$, '^-----!').toBe('----s', letters)
      helpers.expectObservable(transactions.answer$, '^-----!').toBe('')
      expectNothingLeft(helpers, blocks, transactions)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { said: `${shaken}i`, values, ask: ask('block') }, 5)
      helpers
        .expectObservable(left$, '^ 60s !')
        .toBe('----s-z', { ...ends, s: '1 questions, 3 subscriptions, 0 timers, 120 bytes' })
    }),
  )
})
