import { last, map, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { HeaderChain } from '../src/requests/header-chain.js'
import { syncHeaders } from '../src/requests/sync-headers.js'
import { marbles } from '../src/testing/marbles.js'
import type { Block } from '../src/wire/block.js'
import { BlockHeader } from '../src/wire/header.js'
import { equalBytes } from '../src/wire/hex.js'
import type { Message } from '../src/wire/messages.js'
import { mainnet, regtest } from '../src/wire/network.js'
import {
  asking,
  block,
  blocks,
  ends,
  expectNothingLeft,
  givenUp,
  headersMessage,
  mineChain,
  shaken,
} from './asking.js'

/** A chain that knows these blocks. */
function chainOf(known: readonly Block[]): HeaderChain {
  const chain = new HeaderChain(regtest)
  chain.add(known.slice(1).map(({ header }) => header))
  return chain
}

/** Blocks that follow the last one of a chain; each seed gives others. */
function mineBehind(chain: readonly Block[], count: number, seed: number): readonly Block[] {
  return mineChain(chain.length - 1 + count, seed, chain).slice(chain.length)
}

/** Headers that follow one and say they have the work of `bits`; they have none. */
function headersBehind(
  first: BlockHeader,
  count: number,
  version: number,
  bits = first.bits,
): readonly BlockHeader[] {
  const headers: BlockHeader[] = []
  let { hash: previousBlock } = first
  const { merkleRoot } = first
  while (headers.length < count) {
    const header = BlockHeader.from({
      version,
      previousBlock,
      merkleRoot,
      time: headers.length,
      bits,
      nonce: 0,
    })
    headers.push(header)
    previousBlock = header.hash
  }
  return headers
}

/** Answers getheaders as a node with these blocks does, at the call. */
function serving(
  chain: readonly Pick<Block, 'header' | 'hash'>[],
  page = 2_000,
): (message: Message) => readonly Message[] {
  return message => {
    if (message.command !== 'getheaders') return []
    const known = Array.from(message.locator, hash => chain.findIndex(each => equalBytes(each.hash, hash)))
    const common = known.find(height => height >= 0) ?? 0
    return [{ command: 'headers', headers: chain.slice(common + 1, common + 1 + page).map(b => b.header) }]
  }
}

/** Progress as diagrams show it: added, replaced, height of goal. */
const ask =
  (chain?: HeaderChain) =>
  (peer: Peer): Observable<string> =>
    syncHeaders(peer, chain).pipe(
      map(({ added, replaced, height, goal }) => `+${added} -${replaced} ${height}/${goal}`),
    )

describe('syncHeaders', () => {
  it(
    'asks from the known tip on, adds what comes, and is done when there is no more',
    marbles(helpers => {
      const chain = chainOf(blocks.slice(0, 11))
      const question = asking(helpers, {
        said: `${shaken}--h`,
        values: { h: headersMessage(11, 40) },
        ask: ask(chain),
      })
      helpers
        .expectObservable(question.asked$, '^----------!')
        .toBe('q', { q: 'getheaders 10 9 8 7 6 5 4 3 2 1 0' })
      // The remote's version message says 100.
      helpers
        .expectObservable(question.answer$, '^----------!')
        .toBe('------(pd)', { ...ends, p: '+30 -0 40/100' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'goes on page by page, the last one empty',
    marbles(helpers => {
      const long = mineChain(4_000)
      const question = asking(helpers, { replies: serving(long), ask: ask() })
      helpers.expectObservable(question.answer$, '^----------!').toBe('(abcd)', {
        ...ends,
        a: '+2000 -0 2000/2000',
        b: '+2000 -0 4000/4000',
        c: '+0 -0 4000/4000',
      })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'follows a fork that has more work only behind its second page',
    marbles(helpers => {
      const [ours, theirs] = [chainOf(mineChain(2_500, 2)), mineChain(2_600, 3)]
      const question = asking(helpers, { replies: serving(theirs), ask: ask(ours) })
      helpers.expectObservable(question.answer$, '^----------!').toBe('(abd)', {
        ...ends,
        a: '+0 -0 2500/2500',
        b: '+2600 -2500 2600/2600',
      })
      expectNothingLeft(helpers, question)
      expect(equalBytes(ours.tip.hash, theirs[2_600]?.hash ?? new Uint8Array(0))).toBe(true)
    }),
  )

  it(
    'finds no end at a page that it knows all of',
    marbles(helpers => {
      const long = mineChain(4_500)
      const chain = chainOf(long.slice(0, 4_400))
      // A remote that answers as if it knew only the first block of the locator.
      const forgetful = serving(long)
      let first = true
      const question = asking(helpers, {
        replies: message => {
          if (message.command !== 'getheaders' || !first) return forgetful(message)
          first = false
          return forgetful({ ...message, locator: [long[0]?.hash ?? new Uint8Array(32)] })
        },
        ask: ask(chain),
      })
      helpers.expectObservable(question.answer$, '^----------!').toBe('(abd)', {
        ...ends,
        a: '+0 -0 4399/4399',
        b: '+101 -0 4500/4500',
      })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'goes on through what it knows with a remote that lags behind by pages',
    marbles(helpers => {
      // Headers without work of their own: 12,000 blocks are not mined at once on a busy machine.
      const long = [regtest.genesis, ...headersBehind(regtest.genesis, 12_000, 1)]
      const chain = new HeaderChain(regtest, { powHash: () => new Uint8Array(32) })
      chain.add(long.slice(1))
      const told = long.slice(0, 6_501).map(header => ({ header, hash: header.hash }))
      const question = asking(helpers, { replies: serving(told), ask: ask(chain) })
      // The locator leads to 3,809 at first, and then to where the page before has ended.
      helpers.expectObservable(question.answer$, '^----------!').toBe('(aad)', {
        ...ends,
        a: '+0 -0 12000/12000',
      })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails where a remote says the same page again and again',
    marbles(helpers => {
      const long = mineChain(2_100)
      const chain = chainOf(long)
      const page: Message = { command: 'headers', headers: long.slice(1, 2_001).map(each => each.header) }
      const question = asking(helpers, {
        replies: ({ command }) => (command === 'getheaders' ? [page] : []),
        ask: ask(chain),
      })
      helpers
        .expectObservable(question.answer$, '^----------!')
        .toBe('(ab)', { ...ends, a: '+0 -0 2100/2100' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails where a remote tells two pages in turns',
    marbles(helpers => {
      const [long, other] = [mineChain(2_101), mineChain(2_000, 2)]
      const chain = chainOf(long)
      // What is known, and a branch with less work.
      const pages = [long, other, long].map(blocks => blocks.slice(1, 2_001))
      const question = asking(helpers, {
        replies: ({ command }) =>
          command === 'getheaders'
            ? [{ command: 'headers', headers: (pages.shift() ?? []).map(each => each.header) }]
            : [],
        ask: ask(chain),
      })
      helpers
        .expectObservable(question.answer$, '^----------!')
        .toBe('(aab)', { ...ends, a: '+0 -0 2101/2101' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'finds a remote again that is reorganised while it tells a branch with less work',
    marbles(helpers => {
      const common = mineChain(10)
      const ours = chainOf([...common, ...mineBehind(common, 2_500, 2)])
      const theirs = [...common, ...mineBehind(common, 2_200, 3)]
      const turned = [...common, ...mineBehind(common, 2_600, 4)]
      const locators: number[] = []
      const question = asking(helpers, {
        replies: message => {
          if (message.command === 'getheaders') locators.push(message.locator.length)
          return serving(locators.length === 1 ? theirs : turned)(message)
        },
        ask: ask(ours),
      })
      helpers.expectObservable(question.answer$, '^----------!').toBe('(abcd)', {
        ...ends,
        a: '+0 -0 2510/2510',
        // Its first page has less work as well.
        b: '+0 -0 2510/2510',
        c: '+2600 -2500 2610/2610',
      })
      expectNothingLeft(helpers, question)
      // The end of the branch stands before our own locator, and not in its place.
      const [own = 0] = locators
      expect(locators).toEqual([own, own + 1, own + 1])
    }),
  )

  it(
    'fails where a remote tells more than 50,000 headers with less work than ours',
    marbles(helpers => {
      // Headers without work of their own, so that none of them has to be found.
      const easy = { powHash: () => new Uint8Array(32) }
      const ours = new HeaderChain(regtest, easy)
      // One of them outweighs 2^31 of theirs.
      ours.add(headersBehind(regtest.genesis, 3, 1, mainnet.genesis.bits))
      const theirs = headersBehind(regtest.genesis, 52_000, 2)
      let told = 0
      const question = asking(helpers, {
        replies: ({ command }) => {
          if (command !== 'getheaders') return []
          told += 2_000
          return [{ command: 'headers', headers: theirs.slice(told - 2_000, told) }]
        },
        ask: peer => ask(ours)(peer).pipe(last()),
      })
      helpers.expectObservable(question.answer$, '^----------!').toBe('b', ends)
      expectNothingLeft(helpers, question)
      expect(told).toBe(52_000)
      expect(ours.height).toBe(3)
    }),
  )

  it(
    'fails where a remote begins a branch with each page, and none has more work than ours',
    marbles(helpers => {
      const easy = { powHash: () => new Uint8Array(32) }
      const ours = new HeaderChain(regtest, easy)
      for (let i = 0, mine = headersBehind(regtest.genesis, 4_000, 1); i < 4_000; i += 2_000)
        ours.add(mine.slice(i, i + 2_000))
      let told = 0
      const question = asking(helpers, {
        replies: ({ command }) => {
          if (command !== 'getheaders') return []
          told += 1
          return [{ command: 'headers', headers: headersBehind(regtest.genesis, 2_000, 1 + told) }]
        },
        ask: peer => ask(ours)(peer).pipe(last()),
      })
      helpers.expectObservable(question.answer$, '^----------!').toBe('b', ends)
      expectNothingLeft(helpers, question)
      expect(told).toBe(26)
    }),
  )

  it(
    'does not take our own height for the remote’s',
    marbles(helpers => {
      const chain = chainOf(blocks)
      let last: number | undefined
      const question = asking(helpers, {
        said: `${shaken}--h`,
        values: { h: { command: 'headers', headers: [] } },
        ask: peer =>
          ask(chain)(peer).pipe(
            map(progress => {
              last = peer.stats().lastBlock
              return progress
            }),
          ),
      })
      helpers
        .expectObservable(question.answer$, '^----------!')
        .toBe('------(pd)', { ...ends, p: '+0 -0 40/100' })
      expectNothingLeft(helpers, question)
      expect(last).toBe(100)
    }),
  )

  it.each<[string, Message]>([
    [
      'do not follow each other',
      { command: 'headers', headers: [block(1).header, block(3).header, block(4).header] },
    ],
    ['lack work', { command: 'headers', headers: [withoutWork(block(1).header)] }],
  ])('fails where headers %s, and keeps the chain', (_, lie) => {
    marbles(helpers => {
      const chain = new HeaderChain(regtest)
      const question = asking(helpers, { said: `${shaken}--h`, values: { h: lie }, ask: ask(chain) })
      helpers.expectObservable(question.answer$, '^----------!').toBe('------b', ends)
      expectNothingLeft(helpers, question)
      expect(chain.height).toBe(0)
    })()
  })

  it(
    'fails after 90 s without an answer or a pong, and with the peer',
    marbles(helpers => {
      const silent = asking(helpers, {
        said: `${shaken}--h`,
        values: { h: headersMessage(11, 12) },
        ask: ask(),
      })
      helpers.expectObservable(silent.answer$, '^ 200s !').toBe('90s t', ends)
      const gone = asking(helpers, { said: `${shaken}-|`, ask: ask() })
      helpers.expectObservable(gone.answer$, '^ 200s !').toBe('-----c', ends)
      expectNothingLeft(helpers, silent, gone)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask: ask() }, 5)
      helpers.expectObservable(left$, '^ 200s !').toBe('----l-z', ends)
    }),
  )
})

/** The same header with a nonce whose hash is above the target. */
function withoutWork({ version, previousBlock, merkleRoot, time, bits }: BlockHeader): BlockHeader {
  for (let nonce = 0; ; nonce += 1) {
    const header = BlockHeader.from({ version, previousBlock, merkleRoot, time, bits, nonce })
    if ((header.hash[31] ?? 0) >= 0x80) return header
  }
}
