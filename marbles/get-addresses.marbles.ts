import { map } from 'rxjs'
import { describe, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { getAddresses } from '../src/requests/get-addresses.js'
import { marbles } from '../src/testing/marbles.js'
import { type TimedNetAddress, unknownAddress } from '../src/wire/netaddress.js'
import { asking, ends, expectNothingLeft, givenUp, shaken } from './asking.js'

const address = (port: number): TimedNetAddress => ({ ...unknownAddress, time: 1_700_000_000, port })

// x announces itself, y and w answer.
const values = {
  x: { command: 'addr', addresses: [address(1)] },
  y: { command: 'addr', addresses: [address(1), address(2)] },
  w: { command: 'addrv2', addresses: [address(3), address(4), address(5)] },
} as const
const letters = { ...ends, g: 'getaddr', y: '1 2', w: '3 4 5' }
const ask = (peer: Peer) =>
  getAddresses(peer).pipe(map(addresses => Array.from(addresses, ({ port }) => port).join(' ')))

describe('getAddresses', () => {
  it.each(['y', 'w'])('takes %s, not the address with which a node announces itself', letter => {
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-x-${letter}`, values, ask })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('g', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe(`-------(${letter}d)`, letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'fails after 30 s, and with the peer',
    marbles(helpers => {
      const silent = asking(helpers, { said: `${shaken}-x`, values, ask })
      helpers.expectObservable(silent.answer$, '^ 60s !').toBe('30s t', letters)
      const gone = asking(helpers, { said: `${shaken}-|`, ask })
      helpers.expectObservable(gone.answer$, '^ 60s !').toBe('-----c', letters)
      expectNothingLeft(helpers, silent, gone)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask }, 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
    }),
  )
})
