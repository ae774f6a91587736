import { concat, count, defer, EMPTY, filter, finalize, ignoreElements, map, mergeMap, of, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { type FilterRange, getFilters } from '../src/requests/get-filters.js'
import { HeaderChain } from '../src/requests/header-chain.js'
import { marbles } from '../src/testing/marbles.js'
import { sha256d } from '../src/wire/hash.js'
import { toHex } from '../src/wire/hex.js'
import type { Message } from '../src/wire/messages.js'
import { regtest } from '../src/wire/network.js'
import { asking, blocks, ends, expectNothingLeft, givenUp, mineChain, pongs, shaken } from './asking.js'
import {
  askingForFilters,
  cfheaders,
  cfilter,
  chainOf,
  filterAt,
  filtersOf,
  ofFilters,
  serveFilters,
} from './filters.js'

const filters = filtersOf(blocks)
const chain = chainOf(blocks)
const letters = {
  ...ends,
  h: 'getcfheaders 2 4',
  f: 'getcfilters 2 4',
  2: 2,
  3: 3,
  4: 4,
  u: 'bad-answer: truncated',
}

// H: the filter headers of 2 to 4; 2 to 5: filters.
const values: Record<string, Message> = {
  H: cfheaders(filters, 2, 4),
  2: cfilter(filterAt(filters, 2)),
  3: cfilter(filterAt(filters, 3)),
  4: cfilter(filterAt(filters, 4)),
  5: cfilter(filterAt(filters, 5)),
}
const garbage = Uint8Array.of(0xfd, 0x01)

const ask =
  (range: FilterRange = { start: 2, end: 4 }) =>
  (peer: Peer) =>
    getFilters(peer, chain, range).pipe(map(({ height }) => height))

describe('getFilters', () => {
  it(
    'asks for the filter headers, then for the filters, and emits them by height however they come',
    marbles(helpers => {
      const question = askingForFilters(helpers, { said: `${shaken}-2H-5-3-3-2 9ms 4`, values, ask: ask() })
      helpers.expectObservable(question.asked$, '^ 40ms !').toBe('h-----f', letters)
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('14ms (23) 6ms (4d)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks for 16 at first, and for twice as many while they are small; 1000 behind each cfheaders, up to the tip that the chain has by then',
    marbles(helpers => {
      const long = mineChain(1_050, 4)
      const grown = new HeaderChain(regtest)
      const all = serveFilters(filtersOf(long))
      const question = askingForFilters(helpers, {
        replies: all,
        ask: peer => {
          const count$ = getFilters(peer, grown, { start: 0 }).pipe(count())
          grown.add(long.slice(1).map(({ header }) => header))
          return count$
        },
      })
      const heights = new Map(long.map(({ hash }, height) => [toHex(hash), height]))
      const spans$ = question.remote.sent$.pipe(
        filter(message => message.command === 'getcfheaders' || message.command === 'getcfilters'),
        map(({ command, startHeight, stop }) => `${command} ${startHeight} ${heights.get(toHex(stop))}`),
      )
      helpers.expectObservable(spans$, '^------!').toBe('(habcdefgHI)', {
        h: 'getcfheaders 0 999',
        a: 'getcfilters 0 15',
        b: 'getcfilters 16 39',
        c: 'getcfilters 40 87',
        d: 'getcfilters 88 183',
        e: 'getcfilters 184 375',
        f: 'getcfilters 376 759',
        g: 'getcfilters 760 999',
        H: 'getcfheaders 1000 1050',
        I: 'getcfilters 1000 1050',
      })
      helpers.expectObservable(question.answer$, '^------!').toBe('(nd)', { ...ends, n: 1_051 })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'stays with the blocks that it began with where the chain is reorganised meanwhile',
    marbles(helpers => {
      const long = mineChain(1_050, 4)
      const other = mineChain(1_060, 5)
      const turning = chainOf(long)
      const serve = serveFilters(filtersOf(long))
      const question = askingForFilters(helpers, {
        replies: message => {
          if (message.command === 'getcfilters') turning.add(other.slice(1).map(({ header }) => header))
          return serve(message)
        },
        ask: peer => getFilters(peer, turning, { start: 0 }).pipe(count()),
      })
      helpers.expectObservable(question.answer$, '^------!').toBe('(nd)', { ...ends, n: 1_051 })
      expectNothingLeft(helpers, question)
      expect(turning.height).toBe(1_060)
    }),
  )

  it.each<[string, string, Record<string, Message>, FilterRange?]>([
    [
      'a filter is another one',
      '---b',
      { 2: cfilter(filterAt(filters, 2), filterAt(filters, 3).filter.bytes) },
    ],
    [
      'a filter cannot be read, for all that its header says so',
      '---u',
      {
        H: {
          command: 'cfheaders',
          filterType: 0,
          stop: filterAt(filters, 4).block.hash,
          previousFilterHeader: filterAt(filters, 2).previous,
          filterHashes: [1, 2, 3].map(() => sha256d(garbage)),
        },
        2: cfilter(filterAt(filters, 2), garbage),
      },
    ],
    [
      'the filter headers do not continue what is known',
      '--b',
      {},
      { start: 2, end: 4, previous: sha256d(garbage) },
    ],
  ])('fails with bad-answer where %s', (_, drawn, lies, range) => {
    marbles(helpers => {
      const question = askingForFilters(helpers, {
        said: `${shaken}--H2`,
        values: { ...values, ...lies },
        ask: ask(range),
      })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe(`----${drawn}`, letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it.each([
    ['there are too few filter headers', fewer()],
    ['they end in another block', cfheaders(filters, 1, 3)],
  ])('fails with unanswered where %s, by a pong behind them', (_, headers) => {
    marbles(helpers => {
      const question = askingForFilters(helpers, {
        said: `${shaken}--H2`,
        values: { ...values, H: headers },
        replies: pongs,
        ask: ask(),
      })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('------v', letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it.each([
    ['at the first block', { start: 0, end: 4 }, sha256d(garbage), 'b'],
    ['behind what is known', { start: 2, end: 4 }, sha256d(garbage), '(234d)'],
  ])('knows what stands before the filters %s', (_, range, previous, drawn) => {
    marbles(helpers => {
      // Filter headers of a chain of its own, as a liar makes them.
      const honest = serveFilters(filters)
      const question = askingForFilters(helpers, {
        replies: message =>
          honest(message).map(answer =>
            answer.command === 'cfheaders' ? { ...answer, previousFilterHeader: previous } : answer,
          ),
        ask: ask(range),
      })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe(drawn, letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'chains its requests: filter headers that do not continue those of the one before are bad-answer',
    marbles(helpers => {
      const long = mineChain(1_050, 4)
      const honest = serveFilters(filtersOf(long))
      const question = askingForFilters(helpers, {
        replies: message =>
          honest(message).map(answer =>
            answer.command === 'cfheaders' && message.command === 'getcfheaders' && message.startHeight > 0
              ? { ...answer, previousFilterHeader: sha256d(garbage) }
              : answer,
          ),
        ask: peer => getFilters(peer, chainOf(long), { start: 0 }).pipe(ignoreElements()),
      })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('b', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'continues the filter header that it is given',
    marbles(helpers => {
      const question = askingForFilters(helpers, {
        replies: serveFilters(filters),
        ask: ask({ start: 2, end: 4, previous: filterAt(filters, 1).header }),
      })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('(234d)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails after 30 s without headers, 30 s after the last filter, and with the peer',
    marbles(helpers => {
      const silent = askingForFilters(helpers, { said: `${shaken}-2`, values, ask: ask() })
      helpers.expectObservable(silent.answer$, '^ 90s !').toBe('30s t', letters)
      const slow = askingForFilters(helpers, { said: `${shaken}H 995ms 2`, values, ask: ask() })
      helpers.expectObservable(slow.answer$, '^ 90s !').toBe('1s 2 29999ms t', letters)
      const gone = askingForFilters(helpers, { said: `${shaken}H2-|`, values, ask: ask() })
      helpers.expectObservable(gone.answer$, '^ 90s !').toBe('-----2-c', letters)
      expectNothingLeft(helpers, silent, slow, gone)
    }),
  )

  it(
    'is not misled by the answer to a question that shares its last block, also where nobody waits for that any more',
    marbles(helpers => {
      const late = cfheaders(filters, 1, 4)
      const two = (first: 'open' | 'given up') =>
        askingForFilters(helpers, {
          said: `${shaken}LH234`,
          values: { ...values, L: late },
          ask: peer => {
            const other = getFilters(peer, chain, { start: 1, end: 4 }).subscribe({ error: () => {} })
            if (first === 'given up') other.unsubscribe()
            return ask()(peer)
          },
        })
      const [open, gone] = [two('open'), two('given up')]
      helpers.expectObservable(open.answer$, '^ 40ms !').toBe('------23(4d)', letters)
      helpers.expectObservable(gone.answer$, '^ 40ms !').toBe('------23(4d)', letters)
      helpers.flush()
    }),
  )

  it(
    'asks again, for the filters only from the first that is missing on',
    marbles(helpers => {
      const question = askingForFilters(helpers, {
        said: `${shaken} 1996ms H 499ms 2 1999ms 34`,
        values,
        ask: peer =>
          getFilters(peer, chain, { start: 2, end: 4 }, { timeout: 1_500, retries: 1 }).pipe(
            map(({ height }) => height),
          ),
      })
      helpers.expectObservable(question.asked$, '^ 9s !').toBe('h 1499ms h 499ms f 1999ms g', {
        ...letters,
        g: 'getcfilters 3 4',
      })
      helpers.expectObservable(question.answer$, '^ 9s !').toBe('2500ms 2 1999ms 3(4d)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it.each([
    ['a height that is none', { start: Number.NaN }, 'e'],
    ['a height that is none', { start: 0.5, end: 2 }, 'e'],
    ['a height below all', { start: -1, end: 2 }, 'e'],
    ['a height above the one behind the tip', { start: 42 }, 'e'],
    ['the height behind the tip', { start: 41 }, 'd'],
    ['a range that ends before it starts', { start: 3, end: 2 }, 'd'],
  ])('asks nothing for %s', (_, range, drawn) => {
    marbles(helpers => {
      const question = askingForFilters(helpers, { ask: ask(range) })
      helpers.expectObservable(question.asked$, '^----!').toBe('')
      helpers.expectObservable(question.answer$, '^----!').toBe(drawn, { ...ends, e: 'TypeError' })
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'fails for blocks that the chain does not have',
    marbles(helpers => {
      const question = askingForFilters(helpers, { ask: ask({ start: 39, end: 41 }) })
      helpers.expectObservable(question.asked$, '^----!').toBe('')
      helpers.expectObservable(question.answer$, '^----!').toBe('e', { e: 'TypeError' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'is cold: each subscription asks',
    marbles(helpers => {
      const question = askingForFilters(helpers, {
        replies: serveFilters(filters),
        ask: peer => {
          const filters$ = ask()(peer)
          return concat(filters$, filters$)
        },
      })
      helpers.expectObservable(question.asked$, '^------!').toBe('(hfhf)', letters)
      helpers.expectObservable(question.answer$, '^------!').toBe('(234234d)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks nothing of a remote that offers no filters',
    marbles(helpers => {
      const question = asking(helpers, { ask: ask() })
      helpers.expectObservable(question.asked$, '^-------!').toBe('')
      helpers.expectObservable(question.answer$, '^-------!').toBe('o', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'keeps what it has asked for from users, and nothing else: no filter of another block or another type',
    marbles(helpers => {
      const { block, filter: bare } = filterAt(filters, 2)
      const other: Message = {
        command: 'cfilter',
        filterType: 1,
        blockHash: block.hash,
        filter: bare.bytes,
      }
      const question = askingForFilters(helpers, {
        said: `${shaken}5H-t-2-3-4`,
        values: { ...values, t: other },
        ask: ask(),
      })
      helpers.expectObservable(question.heard$, '^-------------!').toBe('----f--f', { f: 'cfilter' })
      helpers.expectObservable(question.answer$, '^ 40ms !').toBe('---------2-3-(4d)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks for what is missing in as many questions as it has gaps, and for no more once somebody has enough',
    marbles(helpers => {
      const all = serveFilters(filters)
      const asked: number[] = []
      const question = askingForFilters(helpers, {
        // Only the filters at odd heights at first, none to the third question.
        replies: message => {
          if (message.command === 'getcfilters') asked.push(message.startHeight)
          const answers = all(message)
          return asked.length === 1 ? answers.filter((_, i) => i % 2 === 1) : answers
        },
        ask: peer =>
          getFilters(peer, chain, { start: 2, end: 6 }, { timeout: 1_000, retries: 1 }).pipe(
            map(({ height }) => height),
            take(2),
          ),
      })
      helpers.expectObservable(question.asked$.pipe(take(3)), '^ 2s !').toBe('(hf) 996ms (g|)', {
        h: 'getcfheaders 2 6',
        f: 'getcfilters 2 6',
        g: 'getcfilters 2 2',
      })
      helpers.expectObservable(question.answer$, '^ 2s !').toBe('1s (23d)', letters)
      expectNothingLeft(helpers, question)
      expect(asked).toEqual([2, 2])
    }),
  )

  it(
    'ends when it is aborted, also between two requests',
    marbles(helpers => {
      const abort = new AbortController()
      const question = askingForFilters(helpers, {
        replies: serveFilters(filters),
        ask: peer =>
          getFilters(peer, chain, { start: 2, end: 4 }, { signal: abort.signal }).pipe(
            mergeMap(({ height }) =>
              concat(
                of(height),
                defer(() => EMPTY.pipe(finalize(() => abort.abort()))),
              ),
            ),
          ),
      })
      helpers.expectObservable(question.answer$, '^-------!').toBe('(2a)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it.each([
    ['', ends.l],
    // The hashes and headers of three filters.
    ['H', `${ends.l}, 192 bytes`],
    ['H2', `${ends.l}, 192 bytes`],
  ])('leaves nothing behind when it is given up after "%s"', (said, l) => {
    marbles(helpers => {
      const left$ = givenUp(helpers, ofFilters({ said: `${shaken}${said}`, values, ask: ask() }), 9)
      helpers.expectObservable(left$, '^ 60s !').toBe('8ms l-z', { ...ends, l })
    })()
  })
})

/** The filter headers without the last. */
function fewer(): Message {
  return {
    command: 'cfheaders',
    filterType: 0,
    stop: filterAt(filters, 4).block.hash,
    previousFilterHeader: filterAt(filters, 2).previous,
    filterHashes: [2, 3].map(height => filterAt(filters, height).filter.hash),
  }
}
