import { switchMap } from 'rxjs'
import { describe, it } from 'vitest'
import { marbles } from '../src/testing/marbles.js'
import { commands, commandsOf, inbound, outbound, version } from './cast.js'

// Rows PG1 and PG2 of the protocol notes. p and q are pings, o and k the pongs with their nonces.
const values = {
  p: { command: 'ping', nonce: 7n },
  q: { command: 'ping', nonce: 0xffff_ffff_ffff_ffffn },
} as const
const pongs = {
  o: { command: 'pong', nonce: 7n },
  k: { command: 'pong', nonce: 0xffff_ffff_ffff_ffffn },
}

/** What is written after the handshake, which is over at 10 ms. */
const shakenHands = '-v--------a'

describe('pong', () => {
  it.each([
    ['outbound', outbound],
    ['inbound', inbound],
  ] as const)('PG1 %s: every ping is answered at once with its nonce', (_, scene) => {
    marbles(helpers => {
      const { remote, peer$ } = scene(helpers, `${shakenHands}--p-q`, {}, values)
      const replies$ = peer$.pipe(switchMap(() => remote.sent$))
      helpers.expectObservable(replies$, '^-------------------!').toBe('-------------o-k', pongs)
    })()
  })

  it(
    'PG1 pings of one millisecond are answered in order',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, `${shakenHands}--(pqp)`, {}, values)
      const replies$ = peer$.pipe(switchMap(() => remote.sent$))
      helpers.expectObservable(replies$, '^-------------------!').toBe('-------------(oko)', pongs)
    }),
  )

  it(
    'PG1 the ping is delivered as well, after the pong was queued',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, `${shakenHands}--p`, {}, values)
      const order: string[] = []
      remote.sent$.subscribe(({ command }) => order.push(`sent ${command}`))
      const pings$ = peer$.pipe(switchMap(peer => peer.on('ping')))
      helpers.expectObservable(pings$, '^-------------------!').toBe('-------------p', values)
      helpers.flush()
      if (order.at(-1) !== 'sent pong') throw new Error(`last was: ${order.at(-1)}`)
    }),
  )

  it(
    'PG2 at 60000 a ping has no nonce and gets no answer, at 60001 it does',
    marbles(helpers => {
      const replies$ = (protocolVersion: number) => {
        const { remote, peer$ } = outbound(
          helpers,
          `${shakenHands}--p`,
          { protocolVersion },
          { ...values, v: version({ protocolVersion }) },
          { protocolVersion },
        )
        return peer$.pipe(switchMap(() => remote.sent$))
      }
      helpers.expectObservable(replies$(60_000), '^-------------------!').toBe('')
      helpers.expectObservable(replies$(60_001), '^-------------------!').toBe('-------------o', pongs)
    }),
  )

  it(
    'left out by name, pings get no answer',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, `${shakenHands}--p`, { behaviors: { pong: false } }, values)
      const replies$ = peer$.pipe(switchMap(() => remote.sent$))
      helpers.expectObservable(replies$, '^-------------------!').toBe('')
    }),
  )

  it(
    'nothing is answered after the end',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, `${shakenHands}--p-----p`, {}, values)
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('v(wsa)-------o---|', commands)
      helpers.expectObservable(peer$.pipe(switchMap(peer => peer.on('pong'))), '^ 16ms !').toBe('')
    }),
  )
})
