import { EMPTY, filter, map, type Observable } from 'rxjs'
import { describe, it } from 'vitest'
import type { Behavior } from '../src/behaviors/behavior.js'
import { keepAlive } from '../src/behaviors/keep-alive.js'
import type { PeerOptions } from '../src/peer/options.js'
import { marbles } from '../src/testing/marbles.js'
import type { ScriptedRemote } from '../src/testing/scripted-remote.js'
import { failure, inbound, letterP, outbound } from './cast.js'
import { at, countedTimers, endAndTimers } from './timers.js'

// Row PG3 of the protocol notes. The handshake is over at 0 ms: `(va)` takes 4 ms. p is a ping that we write.

/** A remote that says nothing is idle; that is another diagram. */
const quiet = { behaviors: { idle: false } } satisfies PeerOptions

/** Nonces of the pings that are written. */
function noncesOf({ sent$ }: ScriptedRemote): Observable<string> {
  return sent$
    .pipe(map(message => (message.command === 'ping' ? message.nonce.toString(16) : '')))
    .pipe(filter(nonce => nonce !== ''))
}

function pingsOf(remote: ScriptedRemote): Observable<'p'> {
  return noncesOf(remote).pipe(map(() => 'p' as const))
}

/** Dice that show these bytes in turn. */
function loadedDice(...shows: readonly number[]): PeerOptions['random'] {
  let turn = 0
  return {
    bytes: size => {
      const show = shows[turn % shows.length] ?? 0
      turn += 1
      return new Uint8Array(size).fill(show)
    },
  }
}

describe('keep-alive', () => {
  it.each([
    ['outbound', outbound],
    ['inbound', inbound],
  ] as const)('PG3 %s: a ping at 120,000, 240,000 and 360,000 ms', (_, scene) => {
    marbles(helpers => {
      const { remote, peer$ } = scene(helpers, '(va)', quiet)
      helpers.expectObservable(pingsOf(remote)).toBe('120s p 119999ms p 119999ms p 39999ms |')
      helpers.expectObservable(letterP(peer$), '^ 399999ms !').toBe('P')
    })()
  })

  it(
    'PG3 the nonce is rolled anew for every ping',
    marbles(helpers => {
      // The first roll is the nonce of our version message.
      const { remote, peer$ } = outbound(helpers, '(va)', { ...quiet, random: loadedDice(0xaa, 0xbb, 0xcc) })
      helpers
        .expectObservable(noncesOf(remote))
        .toBe('120s b 119999ms c 9999ms |', { b: 'bbbbbbbbbbbbbbbb', c: 'cccccccccccccccc' })
      helpers.expectObservable(letterP(peer$), '^ 249999ms !').toBe('P')
    }),
  )

  it(
    'PG3 a nonce is never 0',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)', { ...quiet, random: loadedDice(0xaa, 0) })
      helpers.expectObservable(noncesOf(remote)).toBe('120s b 9999ms |', { b: '1' })
      helpers.expectObservable(letterP(peer$), '^ 129999ms !').toBe('P')
    }),
  )

  it(
    'PG3 it counts from the end of the handshake, during which there is no ping',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '-v 9998ms a', { pingInterval: 3_000 })
      helpers.expectObservable(pingsOf(remote)).toBe('13s p 2999ms p 999ms |')
      helpers.expectObservable(letterP(peer$), '^ 16999ms !').toBe('10s P')
    }),
  )

  it(
    'PG3 pings of the user and traffic move nothing',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va) 59996ms i')
      const pinging$ = peer$.pipe(at(helpers, 100_000, peer => peer.send({ command: 'ping', nonce: 5n })))
      helpers
        .expectObservable(noncesOf(remote))
        .toBe('100s u 19999ms p 9999ms |', { u: '5', p: '101010101010101' })
      helpers.expectObservable(letterP(pinging$), '^ 129999ms !').toBe('P')
    }),
  )

  it(
    'the period is an option',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)', { pingInterval: 1_000 })
      helpers.expectObservable(pingsOf(remote)).toBe('1s p 999ms p 499ms |')
      helpers.expectObservable(letterP(peer$), '^ 2499ms !').toBe('P')
    }),
  )

  it(
    'it is replaced by another one in a line',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)', { behaviors: { keepAlive: keepAlive(60_000) } })
      helpers.expectObservable(pingsOf(remote)).toBe('60s p 59999ms p 9999ms |')
      helpers.expectObservable(letterP(peer$), '^ 129999ms !').toBe('P')
    }),
  )

  it(
    'it can be wrapped: what a behavior is given can be taken apart and put together',
    marbles(helpers => {
      const wrapped: Behavior = ({ scheduler, attention, ...others }) =>
        attention() === 0 ? keepAlive(60_000)({ ...others, scheduler, attention }) : EMPTY
      const { remote, peer$ } = outbound(helpers, '(va)', { behaviors: { keepAlive: wrapped } })
      helpers.expectObservable(pingsOf(remote)).toBe('60s p 59999ms p 9999ms |')
      helpers.expectObservable(letterP(peer$), '^ 129999ms !').toBe('P')
    }),
  )

  it(
    'left out by name, there are no pings',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)', { behaviors: { keepAlive: false, idle: false } })
      helpers.expectObservable(pingsOf(remote)).toBe('600s |')
      helpers.expectObservable(letterP(peer$), '^ 599999ms !').toBe('P')
    }),
  )

  it(
    'nothing is sent after our own end',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = outbound(helpers, '(va)', { ...quiet, scheduler: timers.scheduler })
      helpers.expectObservable(pingsOf(remote)).toBe('120s p 9999ms |')
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('130s (e|)', { e: 'close, 0 timers' })
      helpers.expectObservable(letterP(peer$), '^ 129999ms !').toBe('P')
    }),
  )

  it(
    'nothing is sent after the end by the remote',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = outbound(helpers, '(va) 129996ms |', {
        ...quiet,
        scheduler: timers.scheduler,
      })
      helpers.expectObservable(pingsOf(remote)).toBe('120s p 9999ms |')
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('130s (e|)', { e: 'abort, 0 timers' })
      helpers
        .expectObservable(letterP(peer$), '^ 900s !')
        .toBe('P 129999ms #', undefined, failure('remote-closed'))
    }),
  )
})
