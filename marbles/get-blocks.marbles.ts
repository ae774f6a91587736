import { concat, EMPTY, map, merge, mergeMap, take, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import type { FetchOptions } from '../src/requests/fetch-inventory.js'
import { getBlocks } from '../src/requests/get-blocks.js'
import { marbles } from '../src/testing/marbles.js'
import { Block } from '../src/wire/block.js'
import type { Hash } from '../src/wire/hash.js'
import { InventoryType } from '../src/wire/inventory.js'
import type { Message } from '../src/wire/messages.js'
import { regtest } from '../src/wire/network.js'
import { sampleBlock, sampleTransaction } from '../test/support/samples.js'
import {
  asking,
  block,
  blockMessage,
  ends,
  expectNothingLeft,
  givenUp,
  hashAt,
  hashesOf,
  heightOf,
  pong,
  pongs,
  shaken,
} from './asking.js'
import { version } from './cast.js'

// x, y, w are the blocks 1, 2 and 9.
const values = { x: blockMessage(1), y: blockMessage(2), w: blockMessage(9) }
const letters = { ...ends, x: 1, y: 2, w: 9, q: 'getdata witnessBlock 1 witnessBlock 2', p: 'ping' }

/** A getdata for blocks from one height to another. */
const asksFor = (from: number, to: number, type = 'witnessBlock') =>
  ['getdata', ...hashesOf(from, to).map(hash => `${type} ${heightOf(hash)}`)].join(' ')

const ask =
  (hashes: readonly Hash[] = hashesOf(1, 2), options: FetchOptions = {}) =>
  (peer: Peer) =>
    getBlocks(peer, hashes, options).pipe(map(({ hash }) => heightOf(hash)))

/** Sends the blocks that are asked for, at the call. */
function serving(message: Message): readonly Message[] {
  if (message.command !== 'getdata') return []
  return Array.from(message.inventory, ({ hash }) => blockMessage(Number(heightOf(hash))))
}

describe('getBlocks', () => {
  it(
    'emits blocks in the order of the hashes, and passes over those of others',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-w-y-u-x-x`, values, ask: ask() })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('q----p', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-----------(xyd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails with unanswered where a pong behind another block comes before the one that was asked for',
    marbles(helpers => {
      const lied = asking(helpers, { said: `${shaken}-x-w-y`, values, replies: pongs, ask: ask() })
      helpers.expectObservable(lied.answer$, '^-------------!').toBe('-----x-v', letters)
      // What had come by then is all that was asked for: the other block was somebody else's.
      const others = asking(helpers, {
        said: `${shaken}-w----w--y`,
        values,
        replies: message => (message.command === 'ping' ? [blockMessage(1), ...pongs(message)] : []),
        ask: ask([hashAt(1), hashAt(2)], { window: 1 }),
      })
      helpers.expectObservable(others.asked$, '^-------------!').toBe('a----(pb)-p', {
        ...letters,
        a: asksFor(1, 1),
        b: asksFor(2, 2),
      })
      helpers.expectObservable(others.answer$, '^-------------!').toBe('-----x----v', letters)
      const old = asking(helpers, {
        said: `${shaken}-w-x-y`,
        values: { ...values, v: version({ protocolVersion: 60_000 }) },
        replies: pongs,
        ask: ask(),
      })
      helpers.expectObservable(old.answer$, '^-------------!').toBe('-------x-(yd)', letters)
      expectNothingLeft(helpers, lied, others, old)
    }),
  )

  it(
    'expects no answer before a ping to what was asked behind it',
    marbles(helpers => {
      // w makes it ping; x answers the first question, and the second is for the same block.
      const question = asking(helpers, {
        said: `${shaken}-wx-n-x`,
        values: { ...values, n: pong },
        ask: ask([hashAt(1), hashAt(1)], { window: 1 }),
      })
      helpers
        .expectObservable(question.asked$, '^-------------!')
        .toBe('a----pa', { ...letters, a: asksFor(1, 1) })
      helpers.expectObservable(question.answer$, '^-------------!').toBe('------x---(xd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'wonders once with all others about a block that nobody asked for',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-w-x-y`,
        values,
        ask: peer => merge(ask([hashAt(1)])(peer), ask([hashAt(2)])(peer)),
      })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('(ab)-p', {
        ...letters,
        a: asksFor(1, 1),
        b: asksFor(2, 2),
      })
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-------x-(yd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks again for what is missing, so often as it is told since the last one that came',
    marbles(helpers => {
      const patient = { timeout: 1_000, retries: 1 }
      const question = asking(helpers, {
        said: `${shaken} 1496ms y`,
        values,
        ask: ask(undefined, patient),
      })
      helpers
        .expectObservable(question.asked$, '^ 9s !')
        .toBe('q 999ms q 1499ms a', { ...letters, a: asksFor(1, 1) })
      helpers.expectObservable(question.answer$, '^ 9s !').toBe('3500ms t', letters)
      const served = asking(helpers, { said: `${shaken} 1496ms (yx)`, values, ask: ask(undefined, patient) })
      helpers.expectObservable(served.answer$, '^ 9s !').toBe('1500ms (xyd)', letters)
      expectNothingLeft(helpers, question, served)
    }),
  )

  it(
    'asks for 16, and for more whenever half of them is through',
    marbles(helpers => {
      const question = asking(helpers, { replies: serving, ask: ask(hashesOf(1, 30)) })
      helpers.expectObservable(question.asked$, '^-----!').toBe('(abc)', {
        a: asksFor(1, 16),
        b: asksFor(17, 24),
        c: asksFor(25, 30),
      })
      const heights = Array.from({ length: 30 }, (_, i) => i + 1)
      const signs = heights.map(height => String.fromCharCode(0x3b0 + height))
      helpers.expectObservable(question.answer$, '^-----!').toBe(`(${signs.join('')}d)`, {
        ...ends,
        ...Object.fromEntries(signs.map((sign, i) => [sign, heights[i]])),
      })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks for no more while the first half is not through, whatever came behind it',
    marbles(helpers => {
      const question = asking(helpers, {
        replies: message => serving(message).slice(1),
        ask: ask(hashesOf(1, 30)),
      })
      helpers.expectObservable(question.asked$, '^-----!').toBe('a', { a: asksFor(1, 16) })
      helpers.expectObservable(question.answer$, '^-----!').toBe('')
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks for a window of its own size',
    marbles(helpers => {
      const question = asking(helpers, { replies: serving, ask: ask(hashesOf(1, 2), { window: 1 }) })
      helpers
        .expectObservable(question.asked$, '^-----!')
        .toBe('(ab)', { a: asksFor(1, 1), b: asksFor(2, 2) })
      helpers.expectObservable(question.answer$, '^-----!').toBe('(xyd)', letters)
      const none = asking(helpers, {
        ask: peer => {
          expect(() => getBlocks(peer, [], { window: 0 })).toThrow(TypeError)
          expect(() => getBlocks(peer, [], { timeout: 0 })).toThrow(TypeError)
          expect(() => getBlocks(peer, [], { window: undefined, timeout: undefined })).not.toThrow()
          return EMPTY
        },
      })
      helpers.expectObservable(none.answer$, '^-----!').toBe('d', ends)
      expectNothingLeft(helpers, question, none)
    }),
  )

  it(
    'asks once for a hash that is there twice, and emits its block twice',
    marbles(helpers => {
      const hashes = [hashAt(1), hashAt(2), hashAt(1)]
      const question = asking(helpers, { said: `${shaken}-x-y`, values, ask: ask(hashes) })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('q', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-----x-(yxd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks nothing for no hashes, not even a peer that has closed',
    marbles(helpers => {
      const question = asking(helpers, { ask: ask([]) })
      helpers.expectObservable(question.asked$, '^-----!').toBe('')
      helpers.expectObservable(question.answer$, '^-----!').toBe('d', ends)
      const gone = asking(helpers, {
        said: `${shaken}|`,
        ask: peer => timer(9, helpers.scheduler).pipe(mergeMap(() => ask([])(peer))),
      })
      helpers.expectObservable(gone.answer$, '^ 50ms !').toBe('9ms d', ends)
      expectNothingLeft(helpers, question, gone)
    }),
  )

  it(
    'asks for nothing more once somebody has enough',
    marbles(helpers => {
      const question = asking(helpers, {
        replies: serving,
        ask: peer => ask(hashesOf(1, 30))(peer).pipe(take(8)),
      })
      helpers.expectObservable(question.asked$, '^ 60s !').toBe('a', { a: asksFor(1, 16) })
      helpers
        .expectObservable(question.answer$, '^ 60s !')
        .toBe('(12345678d)', { ...ends, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8 })
      helpers.scheduler.schedule(() => expect(question.left()).toBe('0 subscriptions, 0 timers'), 10)
      expectNothingLeft(helpers, question)
    }),
  )

  it.each([
    ['other transactions', Block.from(block(1).header, [...block(2).transactions])],
    [
      'a transaction twice',
      Block.from(block(1).header, [...block(1).transactions, ...block(1).transactions]),
    ],
    ['no witness', Block.decode(block(1).stripped)],
  ])('fails with bad-answer where a block has %s', (_, lie) => {
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-x`,
        values: { x: { command: 'block', block: lie } },
        ask: ask(),
      })
      helpers.expectObservable(question.answer$, '^-------!').toBe('-----b', letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it.each([
    ['transactions that begin with no coinbase', sampleBlock([sampleTransaction({})])],
    ['no transactions', Block.from(block(1).header, [])],
  ])('fails with bad-answer where a block has %s', (_, lie) => {
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-x`,
        values: { x: { command: 'block', block: lie } },
        ask: peer => getBlocks(peer, [lie.hash]),
      })
      helpers.expectObservable(question.answer$, '^-------!').toBe('-----b', letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it.each([
    ['at the first block for which that counts', 1, 'b'],
    ['below', 2, 'x'],
  ])('asks a block to keep what it says of witnesses from some height on: %s', (_, segwitHeight, drawn) => {
    marbles(helpers => {
      // What miners said of witnesses before they counted (BIP141), with no witness there.
      const stripped = Block.decode(block(1).stripped)
      const question = asking(helpers, {
        said: `${shaken}-x`,
        values: { x: { command: 'block', block: stripped } },
        options: { network: { ...regtest, segwitHeight } },
        ask: ask([hashAt(1)]),
      })
      helpers.expectObservable(question.answer$.pipe(take(1)), '^-------!').toBe(`-----(${drawn}|)`, letters)
      helpers.flush()
    })()
  })

  it(
    'asks a remote without witnesses for none, and misses none',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-x`,
        values: {
          v: version({ services: 1n }),
          x: { command: 'block', block: Block.decode(block(1).stripped) },
        },
        ask: ask([hashAt(1)]),
      })
      helpers.expectObservable(question.asked$, '^-------!').toBe('q', { q: asksFor(1, 1, 'block') })
      helpers.expectObservable(question.answer$, '^-------!').toBe('-----(xd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails with not-found where the remote says so of a block that was asked for',
    marbles(helpers => {
      const missing = (height: number, type: number): Message => ({
        command: 'notfound',
        inventory: [{ type, hash: hashAt(height) }],
      })
      const question = asking(helpers, {
        said: `${shaken}-ijxk`,
        values: {
          ...values,
          i: missing(9, InventoryType.witnessBlock),
          j: missing(1, InventoryType.wtx),
          k: missing(2, InventoryType.witnessBlock),
        },
        ask: ask(),
      })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-------xn', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails 30 s after the last block that came, not those of others',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken} 9996ms x 5s w`, values, ask: ask() })
      helpers.expectObservable(question.answer$, '^ 60s !').toBe('10000ms x 29999ms t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'waits no shorter for what our own side held up',
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => {
          const release = peer.hold(6_000_000)
          timer(700, helpers.scheduler).subscribe(release)
          return ask(undefined, { timeout: 1_000 })(peer)
        },
      })
      helpers.expectObservable(question.answer$, '^ 2000ms !').toBe('1700ms t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails with the peer, and at once where that has closed before; no timer is left then',
    marbles(helpers => {
      const gone = asking(helpers, { said: `${shaken}x-|`, values, ask: ask() })
      helpers.expectObservable(gone.answer$, '^ 60s !').toBe('----x-c', letters)
      const before = asking(helpers, {
        said: `${shaken}|`,
        ask: peer => timer(9, helpers.scheduler).pipe(mergeMap(() => ask()(peer))),
      })
      helpers.expectObservable(before.answer$, '^ 60s !').toBe('9ms c', letters)
      helpers.scheduler.schedule(() => expect(before.left()).toBe('0 subscriptions, 0 timers'), 15)
      expectNothingLeft(helpers, gone, before)
    }),
  )

  it(
    'is cold: each subscription asks',
    marbles(helpers => {
      const question = asking(helpers, {
        replies: serving,
        ask: peer => {
          const blocks$ = ask()(peer)
          return concat(blocks$, blocks$)
        },
      })
      helpers.expectObservable(question.asked$, '^------!').toBe('(qq)', letters)
      helpers.expectObservable(question.answer$, '^------!').toBe('(xyxyd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask: ask() }, 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
    }),
  )
})
