import { concat, EMPTY, filter, finalize, last, map, merge, mergeMap, of, scan, take, tap, timer } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { consume } from '../src/peer/consume.js'
import { channelOf } from '../src/peer/face.js'
import type { Peer } from '../src/peer/peer.js'
import type { FetchOptions } from '../src/requests/fetch-inventory.js'
import { getBlocks } from '../src/requests/get-blocks.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import { Block } from '../src/wire/block.js'
import type { Hash } from '../src/wire/hash.js'
import { InventoryType } from '../src/wire/inventory.js'
import { checkMerkleRoot } from '../src/wire/merkle.js'
import type { Message } from '../src/wire/messages.js'
import { regtest } from '../src/wire/network.js'
import { Services } from '../src/wire/services.js'
import { Transaction } from '../src/wire/transaction.js'
import { sampleBlock, sampleCoinbase, sampleTransaction } from '../test/support/samples.js'
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
  nothing,
  pong,
  pongs,
  type Question,
  shaken,
} from './asking.js'
import { version } from './cast.js'

vi.mock('../src/wire/merkle.js', { spy: true })

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

/** The block with another witness in its coinbase, which leaves its hash as it is. */
function withWitness(of: Block, ...witness: readonly Uint8Array[]): Block {
  const [coinbase, ...others] = of.transactions
  if (coinbase === undefined) return of
  const { version: number, outputs, lockTime } = coinbase
  const inputs = Array.from(coinbase.inputs, ({ outpoint, scriptSig, sequence }) => ({
    outpoint,
    scriptSig,
    sequence,
    witness,
  }))
  return Block.from(of.header, [Transaction.from({ version: number, inputs, outputs, lockTime }), ...others])
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
      helpers.scheduler.schedule(() => expect(question.left()).toBe(nothing), 10)
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

  describe.each([
    ['from before segwit', { network: { ...regtest, segwitHeight: 2 } }, 9n],
    ['asked for without its witnesses', {}, 1n],
  ])('a block %s', (_, options, services) => {
    const stack = (...items: readonly Uint8Array[]) => sampleBlock([sampleCoinbase([], items)])
    const lie = 'has witnesses that nothing commits to'

    it.each([
      ['commits to witnesses and has them', block(1), 'x'],
      ['commits to witnesses and has none', Block.decode(block(1).stripped), 'x'],
      ['commits to no witnesses and has none', stack(), 'x'],
      [lie, stack(new Uint8Array(32)), 'b'],
      [`${lie}, for all that it commits to others`, withWitness(block(1), Uint8Array.of(7)), 'b'],
    ])('that %s', (__, one, drawn) => {
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken}-x`,
          values: { v: version({ services }), x: { command: 'block', block: one } },
          options,
          ask: peer => getBlocks(peer, [one.hash]).pipe(map(() => 1)),
        })
        helpers
          .expectObservable(question.answer$.pipe(take(1)), '^-------!')
          .toBe(`-----(${drawn}|)`, letters)
        helpers.flush()
      })()
    })
  })

  it(
    'refuses a block of more transactions than one can hold before it hashes them',
    marbles(helpers => {
      const empty = Transaction.from({ version: 1, inputs: [], outputs: [], lockTime: 0 })
      vi.mocked(checkMerkleRoot).mockClear()
      const refused = (length: number) => {
        const transactions = [sampleCoinbase(), ...Array.from({ length: length - 1 }, () => empty)]
        return asking(helpers, {
          said: `${shaken}-x`,
          values: { x: { command: 'block', block: Block.from(block(1).header, transactions) } },
          ask: ask(),
        })
      }
      // 4,000,000 by 240.
      const [hashed, one, many] = [refused(16_666), refused(16_667), refused(390_000)]
      for (const { answer$ } of [hashed, one, many]) {
        helpers.expectObservable(answer$, '^-------!').toBe('-----b', letters)
      }
      expectNothingLeft(helpers, hashed, one, many)
      expect(checkMerkleRoot).toHaveBeenCalledTimes(1)
    }),
  )

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
    'waits no longer for what our own side holds up',
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => {
          const release = peer.hold(6_000_000)
          timer(700, helpers.scheduler).subscribe(release)
          return ask(undefined, { timeout: 1_000 })(peer)
        },
      })
      helpers.expectObservable(question.answer$, '^ 2000ms !').toBe('1s t', letters)
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
      helpers.scheduler.schedule(() => expect(before.left()).toBe(nothing), 15)
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

  it.each([
    ['nothing', 0n, '', 'o'],
    ['everything but blocks', 0xffffn & ~(Services.network | Services.networkLimited), '', 'o'],
    ['the last blocks', Services.networkLimited, 'q', '----(xd)'],
  ])('looks what the remote offers: %s', (_, services, asks, drawn) => {
    marbles(helpers => {
      const one = sampleBlock([sampleCoinbase()])
      const question = asking(helpers, {
        said: `${shaken}x`,
        values: { v: version({ services }), x: { command: 'block', block: one } },
        ask: peer => getBlocks(peer, [one.hash]).pipe(map(() => 1)),
      })
      helpers.expectObservable(question.asked$, '^-------!').toBe(asks, { q: 'getdata block ?' })
      helpers.expectObservable(question.answer$, '^-------!').toBe(drawn, letters)
      expectNothingLeft(helpers, question)
    })()
  })

  describe('what users hear of it', () => {
    const heard = { x: 'block 1', w: 'block 9', n: 'notfound' }
    const missing = (...of: readonly number[]): Message => ({
      command: 'notfound',
      inventory: of.map(height => ({ type: InventoryType.witnessBlock, hash: hashAt(height) })),
    })

    it(
      'is no block that was asked for, and each that was not',
      marbles(helpers => {
        const question = asking(helpers, { said: `${shaken}-x-w-x-y-y`, values, ask: ask() })
        helpers
          .expectObservable(question.heard$, '^-------------!')
          .toBe('-------w-x---y', { ...heard, y: 'block 2' })
        helpers.expectObservable(question.answer$, '^-------------!').toBe('-----x-----(yd)', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'is a notfound that tells of something else too',
      marbles(helpers => {
        const told = (...of: readonly number[]) =>
          asking(helpers, { said: `${shaken}-n`, values: { n: missing(...of) }, ask: ask() })
        const [ours, both, others] = [told(1, 2), told(1, 9), told(9)]
        helpers.expectObservable(ours.heard$, '^-------!').toBe('')
        helpers.expectObservable(both.heard$, '^-------!').toBe('-----n', heard)
        helpers.expectObservable(others.heard$, '^-------!').toBe('-----n', heard)
        helpers.expectObservable(ours.answer$, '^-------!').toBe('-----n', letters)
        helpers.expectObservable(both.answer$, '^-------!').toBe('-----n', letters)
        helpers.expectObservable(others.answer$, '^-------!').toBe('')
        expectNothingLeft(helpers, ours, both, others)
      }),
    )

    it(
      'is not the second answer to what was asked for twice, and no ping goes out behind it',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken} 1496ms xxx`,
          values,
          ask: ask(undefined, { timeout: 1_000, retries: 1 }),
        })
        helpers.expectObservable(question.asked$, '^ 2s !').toBe('q 999ms q 501ms p', letters)
        helpers.expectObservable(question.heard$, '^ 2s !').toBe('1502ms x', heard)
        helpers.expectObservable(question.answer$, '^ 2s !').toBe('1500ms x', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'is nothing that two requests have asked for, and both get it',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken}-x`,
          values,
          ask: peer => merge(ask([hashAt(1)])(peer), ask([hashAt(1)])(peer)),
        })
        helpers.expectObservable(question.heard$, '^-------!').toBe('')
        helpers.expectObservable(question.answer$, '^-------!').toBe('-----(xxd)', letters)
        expectNothingLeft(helpers, question)
      }),
    )
  })

  describe('while more comes before its turn than may be held back', () => {
    // Three of these blocks may be: each takes some 250 bytes, and 520 for its objects.
    const options = { memoryLimit: 10_000 }
    const others: Question<unknown>['replies'] = message =>
      serving(message).filter(reply => reply.command === 'block' && reply.block.hash[0] !== hashAt(1)[0])

    it(
      'drops the rest, and asks for it again when there is room, fewer at a time',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken}-x`,
          values,
          options,
          replies: others,
          ask: ask(hashesOf(1, 8)),
        })
        helpers.expectObservable(question.asked$, '^-------------!').toBe('a----(bc)', {
          a: asksFor(1, 8),
          b: asksFor(5, 7),
          c: asksFor(8, 8),
        })
        helpers.expectObservable(question.answer$, '^-------------!').toBe('-----(12345678d)', {
          ...ends,
          ...Object.fromEntries(hashesOf(1, 8).map((_, i) => [i + 1, i + 1])),
        })
        helpers.expectObservable(question.heard$, '^-------------!').toBe('')
        const bytes: number[] = []
        helpers.scheduler.schedule(() => bytes.push(Number(/(\d+) bytes/.exec(question.left())?.[1])), 4)
        expectNothingLeft(helpers, question)
        // What is in hand counts too.
        expect(bytes[0]).toBeGreaterThan(2_000)
        expect(bytes[0]).toBeLessThanOrEqual(2_500)
      }),
    )

    it(
      'asks for no more than there is room for beside what other requests hold back',
      marbles(helpers => {
        const sizesBeside = (bytes: number) => {
          const question = asking(helpers, {
            options,
            replies: serving,
            ask: peer => {
              const release = channelOf(peer).charge(bytes)
              return ask(hashesOf(1, 20))(peer).pipe(finalize(release))
            },
          })
          helpers.expectObservable(question.answer$.pipe(last()), '^-------!').toBe('')
          return question.asked$.pipe(map(asked => asked.split('witnessBlock').length - 1))
        }
        helpers.expectObservable(sizesBeside(0), '^-----!').toBe('(abb)', { a: 16, b: 2 })
        helpers.expectObservable(sizesBeside(1_000), '^-----!').toBe('(abbbb)', { a: 16, b: 1 })
        helpers.flush()
      }),
    )

    it(
      'asks again at a timeout only for what is missing, and gives all back with the end',
      marbles(helpers => {
        const question = asking(helpers, {
          options,
          replies: others,
          ask: ask(hashesOf(1, 8), { timeout: 1_000, retries: 1 }),
        })
        helpers.expectObservable(question.asked$, '^ 9s !').toBe('a 999ms b', {
          a: asksFor(1, 8),
          b: asksFor(1, 1),
        })
        helpers.expectObservable(question.answer$, '^ 9s !').toBe('2s t', letters)
        helpers.scheduler.schedule(() => expect(question.left()).toBe(nothing), 2_001)
        expectNothingLeft(helpers, question)
      }),
    )
  })

  describe('while consumers hold more than they may', () => {
    // 2,500 bytes.
    const options = { memoryLimit: 10_000 }
    const minute = (helpers: MarbleHelpers) => (_: unknown) => timer(60_000, helpers.scheduler)

    it(
      'emits nothing more, asks for nothing more, and waits as long as that takes',
      marbles(helpers => {
        const question = asking(helpers, {
          options,
          replies: serving,
          ask: peer =>
            getBlocks(peer, hashesOf(1, 30)).pipe(consume(peer, minute(helpers), { bytes: () => 2_000 })),
        })
        // Two are too much, and go on when both are through. What came meanwhile and was too much comes again.
        const count$ = question.answer$.pipe(
          scan((count, answer) => (answer === ends.d ? -1 : count + 1), 0),
          filter(count => count % 10 === 0 || count < 0),
        )
        helpers.expectObservable(count$, '^ 3000s !').toBe('600s a 599999ms b 599999ms (cd)', {
          a: 10,
          b: 20,
          c: 30,
          d: -1,
        })
        const sizes$ = question.asked$.pipe(map(asked => asked.split('witnessBlock').length - 1))
        helpers
          .expectObservable(sizes$.pipe(take(3)), '^ 3000s !')
          .toBe('a 239999ms b 239999ms (b|)', { a: 16, b: 3 })
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'answers the handler that holds, and what it asks for beyond that ends with a timeout',
      marbles(helpers => {
        const question = asking(helpers, {
          options,
          replies: serving,
          ask: peer => {
            peer.hold(6_000)
            return concat(ask()(peer), ask(hashesOf(1, 30))(peer).pipe(last()))
          },
        })
        // The first window does not wait for anybody.
        helpers.expectObservable(question.answer$, '^ 90s !').toBe('(xy) 29996ms t', letters)
        helpers.expectObservable(question.asked$, '^ 80s !').toBe('(qa)', { ...letters, a: asksFor(1, 16) })
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'goes on when others hold less again',
      marbles(helpers => {
        const question = asking(helpers, {
          options,
          replies: serving,
          ask: peer => {
            const release = peer.hold(6_000)
            timer(29_999, helpers.scheduler).subscribe(release)
            return ask(hashesOf(1, 30))(peer).pipe(last())
          },
        })
        helpers.expectObservable(question.answer$, '^ 90s !').toBe('29999ms (ld)', { ...ends, l: 30 })
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'emits one after the other, also where the next one comes while a subscriber has one in hand',
      marbles(helpers => {
        const log: string[] = []
        const question = asking(helpers, {
          options,
          // The fourth comes when somebody says mempool, at the call.
          replies: message =>
            message.command === 'mempool' ? [blockMessage(4)] : serving(message).slice(0, 3),
          ask: peer =>
            ask(hashesOf(1, 4), { timeout: Number.POSITIVE_INFINITY })(peer).pipe(
              tap(height => {
                log.push(`${height} begins`)
                if (height === 3) peer.send({ command: 'mempool' })
                log.push(`${height} ends`)
              }),
              // The third one waits for a timer, and is emitted while no message is in hand.
              consume(peer, minute(helpers), { bytes: () => 2_000 }),
            ),
        })
        helpers
          .expectObservable(question.answer$, '^ 600s !')
          .toBe('60s 0 59999ms 0 59999ms 0 59999ms (0d)', { ...ends, 0: 0 })
        expectNothingLeft(helpers, question)
        expect(log).toEqual([1, 2, 3, 4].flatMap(height => [`${height} begins`, `${height} ends`]))
      }),
    )

    it(
      'stops at once when it is given up in the middle',
      marbles(helpers => {
        const question = asking(helpers, {
          options,
          replies: serving,
          ask: peer =>
            getBlocks(peer, hashesOf(1, 30)).pipe(
              consume(peer, minute(helpers), { bytes: () => 2_000 }),
              take(1),
            ),
        })
        helpers
          .expectObservable(question.answer$.pipe(map(() => 1)), '^ 90s !')
          .toBe('60s (yd)', { y: 1, d: 1 })
        helpers.scheduler.schedule(() => expect(question.left()).toBe(nothing), 60_001)
        expectNothingLeft(helpers, question)
      }),
    )
  })

  it(
    'has given everything back when it tells of its end, for whoever asks at once',
    marbles(helpers => {
      const told: string[] = []
      const tell = () => {
        told.push(failed.left(), done.left())
      }
      const failed = asking(helpers, {
        // All but the first: they are held back.
        replies: message => serving(message).slice(1),
        ask: peer => ask(hashesOf(1, 4), { timeout: 1_000 })(peer).pipe(tap({ error: tell })),
      })
      const done = asking(helpers, {
        said: `${shaken}-y-x`,
        values,
        ask: peer => ask()(peer).pipe(tap({ complete: tell })),
      })
      helpers.expectObservable(failed.answer$, '^ 3s !').toBe('1s t', letters)
      helpers.expectObservable(done.answer$, '^ 3s !').toBe('-------(xyd)', letters)
      expectNothingLeft(helpers, failed, done)
      expect(told[1]).toBe(nothing)
      expect(told[2]).toBe(nothing)
    }),
  )

  it(
    'asks in order where its subscriber asks for more of the same at each block',
    marbles(helpers => {
      const question = asking(helpers, {
        replies: serving,
        ask: peer =>
          ask(hashesOf(1, 3))(peer).pipe(mergeMap(height => merge(of(height), ask([hashAt(9)])(peer)))),
      })
      helpers.expectObservable(question.answer$, '^-------!').toBe('(xy3wwwd)', { ...letters, 3: 3 })
      expectNothingLeft(helpers, question)
    }),
  )

  it.each([
    ['in the last millisecond counts', 994, '999ms (xd)'],
    ['one a millisecond later does not', 996, '1s t'],
  ])('with a timeout of 1 s a block %s', (_, pause, drawn) => {
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken} ${pause}ms -x`,
        values,
        ask: ask([hashAt(1)], { timeout: 1_000 }),
      })
      helpers.expectObservable(question.answer$, '^ 1100ms !').toBe(drawn, letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'ends when it is aborted, with nothing asked where it was before',
    marbles(helpers => {
      const abort = new AbortController()
      helpers.scheduler.schedule(() => abort.abort(), 7)
      const question = asking(helpers, {
        said: `${shaken}-x-y`,
        values,
        ask: ask(undefined, { signal: abort.signal }),
      })
      helpers.expectObservable(question.answer$, '^ 60s !').toBe('-----x-a', letters)
      helpers.scheduler.schedule(() => expect(question.left()).toBe(nothing), 8)
      const before = new AbortController()
      before.abort()
      const late = asking(helpers, { ask: ask(undefined, { signal: before.signal }) })
      helpers.expectObservable(late.asked$, '^ 60s !').toBe('')
      helpers.expectObservable(late.answer$, '^ 60s !').toBe('a', letters)
      expectNothingLeft(helpers, question, late)
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
