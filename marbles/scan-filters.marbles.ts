import { map } from 'rxjs'
import { describe, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { scanFilters } from '../src/requests/scan-filters.js'
import { marbles } from '../src/testing/marbles.js'
import type { Message } from '../src/wire/messages.js'
import { asking, block, blockMessage, blocks, ends, expectNothingLeft, givenUp, heightOf } from './asking.js'
import { chainOf, filtersOf, serveFilters } from './filters.js'

const filters = filtersOf(blocks)
const chain = chainOf(blocks)
/** What every block of the chain pays to, and what none does. */
const paid = block(1).transactions.at(0)?.outputs[0]?.scriptPubKey ?? new Uint8Array(0)
const foreign = Uint8Array.of(0x51, 0x52, 0x53)

const letters = {
  ...ends,
  h: 'getcfheaders 3 4',
  f: 'getcfilters 3 4',
  q: 'getdata witnessBlock 3',
  r: 'getdata witnessBlock 4',
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
      const question = asking(helpers, { replies: serving, ask: ask(foreign, paid) })
      helpers.expectObservable(question.asked$, '^-------!').toBe('(hfqr)', letters)
      helpers.expectObservable(question.answer$, '^-------!').toBe('(34d)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fetches no block that does not match',
    marbles(helpers => {
      const question = asking(helpers, { replies: serving, ask: ask(foreign) })
      helpers.expectObservable(question.asked$, '^-------!').toBe('(hf)', letters)
      helpers.expectObservable(question.answer$, '^-------!').toBe('d', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails where a block does not come',
    marbles(helpers => {
      const question = asking(helpers, { replies: serveFilters(filters), ask: ask(paid) })
      helpers.expectObservable(question.asked$, '^ 60s !').toBe('(hfq)', letters)
      helpers.expectObservable(question.answer$, '^ 60s !').toBe('30s t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { replies: serveFilters(filters), ask: ask(paid) }, 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
    }),
  )
})
