import { count, distinctUntilChanged, map } from 'rxjs'
import { describe, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { scanFilters } from '../src/requests/scan-filters.js'
import { marbles } from '../src/testing/marbles.js'
import { toHex } from '../src/wire/hex.js'
import type { Message } from '../src/wire/messages.js'
import { Services } from '../src/wire/services.js'
import {
  asking,
  block,
  blockMessage,
  blocks,
  ends,
  expectNothingLeft,
  givenUp,
  heightOf,
  mineChain,
} from './asking.js'
import { version } from './cast.js'
import { askingForFilters, chainOf, filtersOf, ofFilters, serveFilters } from './filters.js'

const filters = filtersOf(blocks)
const chain = chainOf(blocks)
/** What every block of the chain pays to, and what none does. */
const paid = block(1).transactions.at(0)?.outputs[0]?.scriptPubKey ?? new Uint8Array(0)
const foreign = Uint8Array.of(0x51, 0x52, 0x53)

const letters = {
  ...ends,
  h: 'getcfheaders 3 4',
  f: 'getcfilters 3 4',
  q: 'getdata witnessBlock 3 witnessBlock 4',
  3: '3 3',
  4: '4 4',
}

const ask =
  (...scripts: readonly Uint8Array[]) =>
  (peer: Peer) =>
    scanFilters(peer, chain, { start: 3, end: 4 }, scripts).pipe(
      map(({ height, block: found }) => `${height} ${heightOf(found.hash)}`),
    )

/** Serves filters, and blocks too. */
function serving(message: Message): readonly Message[] {
  if (message.command !== 'getdata') return serveFilters(filters)(message)
  return Array.from(message.inventory, ({ hash }) => blockMessage(Number(heightOf(hash))))
}

describe('scanFilters', () => {
  it(
    'fetches the blocks whose filters match any of the scripts, by height',
    marbles(helpers => {
      const question = askingForFilters(helpers, { replies: serving, ask: ask(foreign, paid) })
      helpers.expectObservable(question.asked$, '^-------!').toBe('(hfq)', letters)
      helpers.expectObservable(question.answer$, '^-------!').toBe('(34d)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fetches no block that does not match',
    marbles(helpers => {
      const question = askingForFilters(helpers, { replies: serving, ask: ask(foreign) })
      helpers.expectObservable(question.asked$, '^-------!').toBe('(hf)', letters)
      helpers.expectObservable(question.answer$, '^-------!').toBe('d', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails where a block does not come',
    marbles(helpers => {
      const question = askingForFilters(helpers, { replies: serveFilters(filters), ask: ask(paid) })
      helpers.expectObservable(question.asked$, '^ 60s !').toBe('(hfq)', letters)
      helpers.expectObservable(question.answer$, '^ 60s !').toBe('30s t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fetches the blocks of one request before it makes the next, and asks again as often as it is told',
    marbles(helpers => {
      const long = mineChain(1_001, 4)
      const serve = serveFilters(filtersOf(long))
      const byHash = new Map(long.map(each => [toHex(each.hash), each]))
      let silent = true
      const question = askingForFilters(helpers, {
        replies: message => {
          if (message.command !== 'getdata') return serve(message)
          const found = silent
            ? []
            : Array.from(message.inventory, ({ hash }) => byHash.get(toHex(hash)) ?? block(0))
          silent = false
          return found.map(each => ({ command: 'block', block: each }))
        },
        ask: peer =>
          scanFilters(peer, chainOf(long), { start: 1 }, [paid], { timeout: 1_000, retries: 1 }).pipe(
            count(),
          ),
      })
      const commands$ = question.asked$.pipe(
        map(asked => asked.split(' ')[0]),
        distinctUntilChanged(),
      )
      helpers.expectObservable(commands$, '^ 5s !').toBe('(HFG) 995ms (HFG)', {
        H: 'getcfheaders',
        F: 'getcfilters',
        G: 'getdata',
      })
      helpers.expectObservable(question.answer$, '^ 5s !').toBe('1s (nd)', { ...ends, n: 1_001 })
      expectNothingLeft(helpers, question)
    }),
  )

  it.each([
    ['blocks', Services.compactFilters],
    ['filters', Services.network | Services.witness],
  ])('asks nothing of a remote that offers no %s', (_, services) => {
    marbles(helpers => {
      const question = asking(helpers, { values: { v: version({ services }) }, ask: ask(paid) })
      helpers.expectObservable(question.asked$, '^-------!').toBe('')
      helpers.expectObservable(question.answer$, '^-------!').toBe('o', letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, ofFilters({ replies: serveFilters(filters), ask: ask(paid) }), 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
    }),
  )
})
