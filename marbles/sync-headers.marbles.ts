import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  exhaustMap,
  filter,
  ignoreElements,
  last,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  scan,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { announcements } from '../src/requests/announcements.js'
import { HeaderChain } from '../src/requests/header-chain.js'
import { syncHeaders } from '../src/requests/sync-headers.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
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
  hearing,
  mineChain,
  nothing,
  pong,
  pongs,
  shaken,
} from './asking.js'
import { version } from './cast.js'

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
    'charges a branch that is beside the chain while it waits for more of it, and gives up where that is too long',
    marbles(helpers => {
      const theirs = mineChain(2_600, 3)
      const [first, second] = [theirs.slice(1, 2_001), theirs.slice(2_001)].map(
        (part): Message => ({ command: 'headers', headers: part.map(({ header }) => header) }),
      )
      const following = (memoryLimit: number) =>
        asking(helpers, {
          said: `${shaken}-f--s`,
          values: { f: first ?? pong, s: second ?? pong },
          options: { memoryLimit },
          ask: ask(chainOf(mineChain(2_500, 2))),
        })
      // A quarter of it for requests, at 80 bytes a header.
      const [enough, little] = [following(4 * 160_000), following(4 * 159_999)]
      const looks$ = merge(timer(7, helpers.scheduler), timer(9, helpers.scheduler)).pipe(map(enough.left))
      helpers.expectObservable(looks$).toBe('-------c-(z|)', { c: `${hearing}, 160000 bytes`, z: nothing })
      helpers.expectObservable(enough.answer$, '^----------!').toBe('-----a--(bd)', {
        ...ends,
        a: '+0 -0 2500/2500',
        b: '+2600 -2500 2600/2600',
      })
      helpers.expectObservable(little.answer$, '^----------!').toBe('-----b', ends)
      expectNothingLeft(helpers, enough, little)
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

  describe('with a remote that makes headers for ever, each with the least work there is,', () => {
    /** Headers without work of their own, so that none of them has to be found. */
    const easy = { powHash: () => new Uint8Array(32) }
    /** ms: tens of thousands of headers are made, sent and looked at. */
    const SLOW = 60_000
    /** Tells 2000 headers behind our tip, whatever that is; how many it told. */
    const endless = () => {
      let tip = regtest.genesis
      let told = 0
      const replies = ({ command }: Message): readonly Message[] => {
        if (command !== 'getheaders') return []
        const headers = headersBehind(tip, 2_000, 1)
        tip = headers.at(-1) ?? tip
        told += headers.length
        return [{ command: 'headers', headers }]
      }
      return { replies, told: () => told }
    }

    it(
      'fails at 50,000 more than it claims',
      marbles(helpers => {
        const remote = endless()
        const chain = new HeaderChain(regtest, easy)
        // It claims a height of 100.
        const question = asking(helpers, {
          replies: remote.replies,
          ask: peer => ask(chain)(peer).pipe(last()),
        })
        helpers.expectObservable(question.answer$, '^----------!').toBe('b', ends)
        expectNothingLeft(helpers, question)
        expect([remote.told(), chain.height]).toEqual([52_000, 52_000])
      }),
      SLOW,
    )

    it(
      'fails at 50,000 more than one a minute since the first block, in any number of syncs and whatever it claims',
      marbles(
        helpers => {
          const remote = endless()
          const chain = new HeaderChain(regtest, easy)
          const question = asking(helpers, {
            values: { v: version({ startHeight: 0x7fff_ffff }) },
            replies: remote.replies,
            ask: peer => {
              const sync$ = ask(chain)(peer).pipe(
                last(),
                catchError(error => of(error.code)),
              )
              return concat(sync$, sync$, sync$)
            },
          })
          helpers.expectObservable(question.answer$, '^----------!').toBe('(bbbd)', ends)
          expectNothingLeft(helpers, question)
          expect([remote.told(), chain.height]).toEqual([54_000, 54_000])
        },
        { epoch: 1_000 * (regtest.genesis.time + 60 * 3_000) },
      ),
      SLOW,
    )

    it(
      'fails above the height that it is given, and not where nothing is above it',
      marbles(helpers => {
        const remote = endless()
        const chain = new HeaderChain(regtest, easy)
        const asked = (maxHeight: number) => (peer: Peer) =>
          syncHeaders(peer, chain, { maxHeight }).pipe(map(({ height }) => height))
        const question = asking(helpers, { replies: remote.replies, ask: asked(2_000) })
        helpers.expectObservable(question.answer$, '^----------!').toBe('(hb)', { ...ends, h: 2_000 })
        const exact = asking(helpers, {
          replies: serving(blocks),
          ask: peer => syncHeaders(peer, undefined, { maxHeight: 40 }).pipe(map(({ height }) => height)),
        })
        helpers.expectObservable(exact.answer$, '^----------!').toBe('(hd)', { ...ends, h: 40 })
        expectNothingLeft(helpers, question, exact)
      }),
    )
  })

  it.each([Number.NaN, -1, 0.5])(
    'asks nothing with a greatest height of %d, and says so at the call',
    maxHeight => {
      marbles(helpers => {
        const question = asking(helpers, {
          ask: peer => {
            expect(() => syncHeaders(peer, undefined, { maxHeight })).toThrow(TypeError)
            return EMPTY
          },
        })
        helpers.expectObservable(question.answer$, '^----------!').toBe('d', ends)
        expectNothingLeft(helpers, question)
      })()
    },
  )

  it(
    'asks again where somebody else has replaced the tip that it asked about, and blames nobody',
    marbles(helpers => {
      const common = mineChain(10)
      const [theirs, other] = [
        [...common, ...mineBehind(common, 3, 2)],
        [...common, ...mineBehind(common, 2, 3)],
      ]
      const chain = chainOf(theirs.slice(0, 12))
      let asked = 0
      const question = asking(helpers, {
        said: `${shaken}--h--h`,
        values: { h: { command: 'headers', headers: theirs.slice(12).map(({ header }) => header) } },
        replies: message => {
          if (message.command !== 'getheaders') return pongs(message)
          // While the first answer is on its way, another follower brings a branch with more work.
          chain.add(other.slice(11).map(({ header }) => header))
          asked += 1
          return asked === 1 ? [] : serving(theirs)(message)
        },
        ask: ask(chain),
      })
      helpers
        .expectObservable(question.answer$, '^----------!')
        .toBe('------(pd)', { ...ends, p: '+3 -2 13/100' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'ends between two pages when it is aborted',
    marbles(helpers => {
      const abort = new AbortController()
      const question = asking(helpers, {
        replies: serving(mineChain(4_000)),
        ask: peer =>
          syncHeaders(peer, undefined, { signal: abort.signal }).pipe(
            map(({ height }) => height),
            tap(() => abort.abort()),
          ),
      })
      helpers.expectObservable(question.answer$, '^----------!').toBe('(ha)', { ...ends, h: 2_000 })
      expectNothingLeft(helpers, question)
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

  describe('at every announcement comes to an end', () => {
    const node = mineChain(3)
    /** A chain that lacks the last block, which the remote announces at 5 ms and serves. */
    const behind = () => chainOf(node.slice(0, 3))
    const announced: Record<string, Message> = {
      n: { command: 'headers', headers: node.slice(3).map(({ header }) => header) },
    }
    const following = (helpers: MarbleHelpers, ask: (peer: Peer) => Observable<unknown>, served = node) =>
      asking(helpers, {
        said: `${shaken}-n`,
        values: announced,
        replies: message => [...serving(served)(message), ...pongs(message)],
        ask: peer => ask(peer).pipe(ignoreElements()),
      })
    const letters = { g: 'getheaders 2 1 0', q: 'getheaders 3 2 1 0', p: 'ping' }

    it.each<[string, (peer: Peer, chain: HeaderChain) => Observable<unknown>, string]>([
      [
        'one after the other',
        (peer, chain) => peer.on('headers').pipe(concatMap(() => syncHeaders(peer, chain))),
        // The answer may be an announcement too, and is followed once.
        '(gpq)',
      ],
      [
        'all at once',
        (peer, chain) => peer.on('headers').pipe(mergeMap(() => syncHeaders(peer, chain))),
        '(gpq)',
      ],
      [
        'each in the place of the one before',
        (peer, chain) => peer.on('headers').pipe(switchMap(() => syncHeaders(peer, chain))),
        '(gpq)',
      ],
      [
        'one for as long as it takes',
        (peer, chain) => peer.on('headers').pipe(exhaustMap(() => syncHeaders(peer, chain))),
        '(gpq)',
      ],
      [
        'by announcements of any form',
        (peer, chain) => announcements(peer, 'block').pipe(concatMap(() => syncHeaders(peer, chain))),
        '(gpq)',
      ],
      [
        'at every message there is',
        (peer, chain) => peer.messages$.pipe(concatMap(() => syncHeaders(peer, chain))),
        '(gpq)',
      ],
    ])('%s', (_, ask, drawn) => {
      marbles(helpers => {
        const chain = behind()
        const question = following(helpers, peer => ask(peer, chain))
        helpers.expectObservable(question.asked$, '^ 10s !').toBe(`-----${drawn}`, letters)
        helpers.expectObservable(question.answer$, '^ 10s !').toBe('')
        expectNothingLeft(helpers, question)
        expect(chain.height).toBe(3)
      })()
    })

    it.each([
      ['that share a chain', (chain: HeaderChain) => [chain, chain] as const],
      ['with a chain of its own each', (chain: HeaderChain) => [chain, behind()] as const],
    ])('by two followers %s', (_, chains) => {
      marbles(helpers => {
        const [first, second] = chains(behind())
        const question = following(helpers, peer =>
          merge(
            peer.on('headers').pipe(concatMap(() => syncHeaders(peer, first))),
            peer.on('headers').pipe(concatMap(() => syncHeaders(peer, second))),
          ),
        )
        helpers.expectObservable(question.asked$, '^ 10s !').toBe('-----(gpgpqpq)', letters)
        helpers.expectObservable(question.answer$, '^ 10s !').toBe('')
        expectNothingLeft(helpers, question)
        expect([first.height, second.height]).toEqual([3, 3])
      })()
    })

    it(
      'from a remote that stays on a branch with less work',
      marbles(helpers => {
        const chain = chainOf(node)
        const branch = [...node.slice(0, 2), ...mineBehind(node.slice(0, 2), 1, 7)]
        const question = following(
          helpers,
          peer => peer.on('headers').pipe(concatMap(() => syncHeaders(peer, chain))),
          branch,
        )
        // Each of its answers may be an announcement, for all that it says.
        helpers.expectObservable(question.asked$, '^ 10s !').toBe('-----(qpq)', letters)
        helpers.expectObservable(question.answer$, '^ 10s !').toBe('')
        expectNothingLeft(helpers, question)
        expect(chain.height).toBe(3)
      }),
    )

    it(
      'from within the handler of its own progress',
      marbles(helpers => {
        const long = mineChain(4_100)
        const chain = chainOf(long.slice(0, 2))
        let inner = 0
        const question = asking(helpers, {
          replies: message => [...serving(long)(message), ...pongs(message)],
          ask: peer =>
            syncHeaders(peer, chain).pipe(
              tap(() => {
                inner += 1
                syncHeaders(peer, chain).subscribe({ error: () => {} })
              }),
              ignoreElements(),
            ),
        })
        const count$ = question.asked$.pipe(
          filter(asked => asked.startsWith('getheaders')),
          scan(count => count + 1, 0),
          takeUntil(timer(1_000, helpers.scheduler)),
          last(),
        )
        helpers.expectObservable(count$, '^ 10s !').toBe('1s (n|)', { n: 7 })
        helpers.expectObservable(question.answer$, '^ 10s !').toBe('d', ends)
        expectNothingLeft(helpers, question)
        expect([chain.height, inner]).toEqual([4_100, 3])
      }),
    )
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
    'leaves nothing behind when it is given up but what keeps its answer from users',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask: ask() }, 5)
      const hears = '1 questions, 0 subscriptions, 0 timers'
      helpers.expectObservable(left$, '^ 200s !').toBe('----l-z', { l: hearing, z: hears })
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
