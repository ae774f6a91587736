import { catchError, type Observable, of, switchMap, tap } from 'rxjs'
import { describe, it } from 'vitest'
import { PeerError } from '../src/peer/close.js'
import type { Peer } from '../src/peer/peer.js'
import { marbles } from '../src/testing/marbles.js'
import { frameOf } from '../src/testing/scripted-remote.js'
import { cast, failure, inbound, letterP, outbound } from './cast.js'
import { countedTimers, endAndTimers, heldBetween, movableClock, tight } from './timers.js'

// Row RD9 of the protocol notes, and RD2 as far as it is about this timer. The handshake is over at 0 ms: `(va)` takes
// 4 ms, so `(va) 99996ms u` says u at 100,000 ms.
const timedOut = failure('idle-timeout')

const malformed = frameOf({ command: 'unknown', name: 'ping', payload: Uint8Array.of(1) })

/** When the peer last heard something that counts, ms since its first byte, told by its error. */
function lastReceiveAtTheEnd(peer$: Observable<Peer>): Observable<unknown> {
  return peer$.pipe(
    switchMap(() => of('P')),
    catchError((error: unknown) =>
      of(error instanceof PeerError ? (error.stats.lastReceive ?? 0) - 1_700_000_000_000 : error),
    ),
  )
}

describe('idle', () => {
  it.each([
    ['outbound', outbound],
    ['inbound', inbound],
  ] as const)(
    'RD9 %s: 5 min after the handshake without a message disconnect, not a millisecond earlier',
    (_, scene) => {
      marbles(helpers => {
        const timers = countedTimers(helpers)
        const { remote, peer$ } = scene(helpers, '(va)', { scheduler: timers.scheduler })
        helpers.expectObservable(letterP(peer$), '^ 900s !').toBe('P 299999ms #', undefined, timedOut)
        helpers.expectObservable(endAndTimers(remote, timers)).toBe('300s (e|)', { e: 'close, 0 timers' })
      })()
    },
  )

  it(
    'RD9 the time before the end of the handshake does not count',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v 9998ms a')
      helpers.expectObservable(letterP(peer$), '^ 900s !').toBe('10s P 299999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 a handshake that took longer than the timeout does not count either',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v 9998ms a', { idleTimeout: 1_000 })
      helpers.expectObservable(letterP(peer$), '^ 900s !').toBe('10s P 999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 a message moves the end to 5 min after it',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 99996ms i 199998ms i')
      helpers.expectObservable(letterP(peer$), '^ 900s !').toBe('P 599998ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 what we send moves nothing',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', { pingInterval: 1_000 })
      helpers.expectObservable(letterP(peer$), '^ 900s !').toBe('P 299999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD2 a message that nobody knows moves it too, but is not noted as received',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 49996ms i 49999ms u')
      helpers
        .expectObservable(lastReceiveAtTheEnd(peer$), '^ 900s !')
        .toBe('P 399999ms (l|)', { P: 'P', l: 50_000 })
    }),
  )

  it(
    'RD9 part of a message moves nothing, its last byte does',
    marbles(helpers => {
      const bytes = frameOf(cast.p)
      const values = { x: bytes.subarray(0, 31), y: bytes.subarray(31) }
      const partly = outbound(helpers, '(va) 99996ms x', {}, values).peer$
      const wholly = outbound(helpers, '(va) 99996ms x 99999ms y', {}, values).peer$
      helpers.expectObservable(letterP(partly), '^ 900s !').toBe('P 299999ms #', undefined, timedOut)
      helpers.expectObservable(letterP(wholly), '^ 900s !').toBe('P 499999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 with regtest leniency a message that is dropped moves it',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 99996ms m', { regtestLeniency: true }, { m: malformed })
      helpers.expectObservable(letterP(peer$), '^ 900s !').toBe('P 399999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 it counts from the end of the handling of a message',
    marbles(helpers => {
      const clock = movableClock(helpers)
      const { peer$ } = outbound(helpers, '(va) 99996ms i', { clock })
      const busy$ = peer$.pipe(tap(peer => peer.on('inv').subscribe(() => clock.take(10_000))))
      // The clock shows 110,000 when the handling ends, and is 10,000 ahead of the timers.
      helpers.expectObservable(letterP(busy$), '^ 900s !').toBe('P 399999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 a paused peer stands still and goes on after that',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 99996ms i', tight)
      const held$ = peer$.pipe(heldBetween(helpers, 100_000, 1_000_000))
      helpers.expectObservable(letterP(held$), '^ 1800s !').toBe('P 1299999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 a pause shorter than the timeout counts as well',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 996ms i 3999ms i', tight)
      const held$ = peer$.pipe(heldBetween(helpers, 1_000, 2_000), heldBetween(helpers, 5_000, 8_000))
      helpers.expectObservable(letterP(held$), '^ 900s !').toBe('P 307999ms #', undefined, timedOut)
    }),
  )

  it(
    'RD9 while handlers hold much the remote is read on, and its silence counts',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', tight)
      const held$ = peer$.pipe(heldBetween(helpers, 100_000, 1_000_000))
      helpers.expectObservable(letterP(held$), '^ 1800s !').toBe('P 299999ms #', undefined, timedOut)
    }),
  )

  it(
    'the time is an option',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', { idleTimeout: 1_000 })
      helpers.expectObservable(letterP(peer$), '^ 900s !').toBe('P 999ms #', undefined, timedOut)
    }),
  )

  it(
    'left out by name, silence is fine',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)', { behaviors: { idle: false } })
      helpers.expectObservable(letterP(peer$), '^ 1800s !').toBe('P')
      helpers.expectObservable(remote.ended$).toBe('1800001ms (e|)', { e: 'close' })
    }),
  )

  it(
    'unsubscribing leaves no timer',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = outbound(helpers, '(va)', { scheduler: timers.scheduler })
      helpers.expectObservable(letterP(peer$), '^ 99999ms !').toBe('P')
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('100s (e|)', { e: 'close, 0 timers' })
    }),
  )
})
