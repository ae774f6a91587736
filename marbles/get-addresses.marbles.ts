import { map } from 'rxjs'
import { describe, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { getAddresses } from '../src/requests/get-addresses.js'
import type { RequestOptions } from '../src/requests/request-options.js'
import { marbles, TEST_EPOCH } from '../src/testing/marbles.js'
import type { Message } from '../src/wire/messages.js'
import { type TimedNetAddress, unknownAddress } from '../src/wire/netaddress.js'
import { asking, ends, expectNothingLeft, givenUp, shaken } from './asking.js'

/** Seconds after which an address is not passed on any more. */
const OLD = 600

/** Addresses with these ports, seen so many seconds before the diagram begins. */
const addresses = (ports: readonly number[], age = 0): TimedNetAddress[] =>
  ports.map(port => ({ ...unknownAddress, time: TEST_EPOCH / 1_000 - age, port }))
const addr = (...list: readonly TimedNetAddress[]): Message => ({ command: 'addr', addresses: list })
const eleven = Array.from({ length: 11 }, (_, i) => i + 1)

// x announces itself, r and s are passed on; n, o and w answer.
const values: Record<string, Message> = {
  x: addr(...addresses([1], OLD)),
  r: addr(...addresses([1, 2], OLD - 1)),
  s: addr(...addresses(eleven.slice(1))),
  n: addr(...addresses(eleven)),
  o: addr(...addresses([7]), ...addresses([8], OLD)),
  w: { command: 'addrv2', addresses: addresses([3, 4, 5], OLD) },
}
const letters = { ...ends, g: 'getaddr', r: '1 2', n: eleven.join(' '), o: '7 8', w: '3 4 5' }
const ask = (options?: RequestOptions) => (peer: Peer) =>
  getAddresses(peer, options).pipe(map(list => Array.from(list, ({ port }) => port).join(' ')))

describe('getAddresses', () => {
  it.each([
    ['more than are passed on', 'n'],
    ['one among them that is too old to be passed on', 'o'],
    ['the same as addrv2', 'w'],
  ])('takes %s, not the address with which a node announces itself, nor what is passed on', (_, letter) => {
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-x-s-r-${letter}`, values, ask: ask() })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('g', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe(`-----------(${letter}d)`, letters)
      // Whatever it is, everybody may want it.
      const command = letter === 'w' ? 'addrv2' : 'addr'
      helpers
        .expectObservable(question.heard$, '^-------------!')
        .toBe('-----a-a-a-l', { a: 'addr', l: command })
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'takes what may have been passed on when nothing better comes, and asks again before where it is told to',
    marbles(helpers => {
      const doubtful = asking(helpers, { said: `${shaken}-r-s-x`, values, ask: ask() })
      helpers.expectObservable(doubtful.answer$, '^ 400s !').toBe('300s (rd)', letters)
      const better = asking(helpers, { said: `${shaken}-r 299993ms o`, values, ask: ask() })
      helpers.expectObservable(better.answer$, '^ 400s !').toBe('299999ms (od)', letters)
      const again = asking(helpers, {
        said: `${shaken}-r`,
        values,
        ask: ask({ timeout: 1_000, retries: 1 }),
      })
      helpers.expectObservable(again.asked$, '^ 400s !').toBe('g 999ms g', letters)
      helpers.expectObservable(again.answer$, '^ 400s !').toBe('2s (rd)', letters)
      expectNothingLeft(helpers, doubtful, better, again)
    }),
  )

  it(
    'fails after 5 minutes, and with the peer',
    marbles(helpers => {
      const silent = asking(helpers, { said: `${shaken}-x`, values, ask: ask() })
      helpers.expectObservable(silent.answer$, '^ 400s !').toBe('300s t', letters)
      const gone = asking(helpers, { said: `${shaken}-r-|`, values, ask: ask() })
      helpers.expectObservable(gone.answer$, '^ 400s !').toBe('-------c', letters)
      expectNothingLeft(helpers, silent, gone)
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
