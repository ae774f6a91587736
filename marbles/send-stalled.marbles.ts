import { map, tap } from 'rxjs'
import { describe, it } from 'vitest'
import type { PeerOptions } from '../src/peer/options.js'
import { corePolicy } from '../src/peer/policy.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import type { Message } from '../src/wire/messages.js'
import { cast, failure, inbound, letterP, outbound } from './cast.js'
import { at, countedTimers, endAndTimers } from './timers.js'

// A remote that reads nothing more. The handshake is over at 0 ms: `(va)` takes 4 ms, so `(va) 996ms p` says p at
// 1,000 ms. What waits is found 20 minutes after the last byte was taken, or after it began to wait.
const stalled = failure('send-stalled')
const MINUTES_20 = 1_200_000

/** The other habits would end these diagrams for reasons of their own. */
const others = {
  idle: false,
  keepAlive: false,
  pingTimeout: false,
  stall: false,
} satisfies PeerOptions['behaviors']
const alone = { behaviors: others } satisfies PeerOptions

/** Two writes, one of 65,536 bytes and one of 24. */
const large: Message = { command: 'unknown', name: 'large', payload: new Uint8Array(65_536) }

/**
 * A transport that takes what the handshake writes, and of the rest as many writes as there are moments, each at its
 * moment, ms.
 */
function takingAt({ scheduler }: MarbleHelpers, moments: readonly number[]): (written: () => void) => void {
  let shaking = true
  const waiting: (() => void)[] = []
  scheduler.schedule(() => {
    shaking = false
  }, 1)
  for (const moment of moments) scheduler.schedule(() => waiting.shift()?.(), moment)
  return written => {
    if (shaking) written()
    else waiting.push(written)
  }
}

describe('send-stalled', () => {
  it.each([
    ['outbound', outbound],
    ['inbound', inbound],
  ] as const)('%s: what is not taken for 20 minutes never will be', (_, scene) => {
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = scene(
        helpers,
        '(va)',
        { ...alone, scheduler: timers.scheduler },
        {},
        { taking: takingAt(helpers, []) },
      )
      const sending$ = peer$.pipe(at(helpers, 1_000, peer => peer.send(cast.g)))
      helpers
        .expectObservable(letterP(sending$), '^ 3000s !')
        .toBe(`P ${MINUTES_20 + 999}ms #`, undefined, stalled)
      // Nothing of it would be read: the connection is not closed in order, and no timer is left.
      helpers
        .expectObservable(endAndTimers(remote, timers))
        .toBe(`${MINUTES_20 + 1_000}ms (e|)`, { e: 'abort, 0 timers' })
    })()
  })

  it(
    'what is taken in the last millisecond is not stalled, and what is taken behind it is',
    marbles(helpers => {
      const ending = (moment: number) => {
        const { peer$ } = outbound(helpers, '(va)', alone, {}, { taking: takingAt(helpers, [moment]) })
        return letterP(peer$.pipe(at(helpers, 1_000, peer => peer.send(cast.g))))
      }
      helpers.expectObservable(ending(MINUTES_20 + 999), '^ 3000s !').toBe('P')
      helpers
        .expectObservable(ending(MINUTES_20 + 1_001), '^ 3000s !')
        .toBe(`P ${MINUTES_20 + 999}ms #`, undefined, stalled)
    }),
  )

  it(
    'any byte that is taken is progress, also in the middle of a message',
    marbles(helpers => {
      const ending = (moments: readonly number[]) => {
        const { peer$ } = outbound(helpers, '(va)', alone, {}, { taking: takingAt(helpers, moments) })
        return letterP(peer$.pipe(at(helpers, 1_000, peer => peer.send(large))))
      }
      const first = MINUTES_20 + 999
      helpers
        .expectObservable(ending([first]), '^ 5000s !')
        .toBe(`P ${first + MINUTES_20 - 1}ms #`, undefined, stalled)
      helpers.expectObservable(ending([first, first + MINUTES_20 - 1]), '^ 5000s !').toBe('P')
    }),
  )

  it(
    'it counts from the last byte that was taken, or from when something began to wait',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone, {}, { taking: takingAt(helpers, [5_000]) })
      const sending$ = peer$.pipe(
        at(helpers, 1_000, peer => peer.send(cast.g)),
        at(helpers, 4_000, peer => peer.send(cast.g)),
      )
      helpers
        .expectObservable(letterP(sending$), '^ 3000s !')
        .toBe(`P ${5_000 + MINUTES_20 - 1}ms #`, undefined, stalled)
      // All is taken at 5,000; an hour later something waits again.
      const again = outbound(helpers, '(va)', alone, {}, { taking: takingAt(helpers, [5_000]) })
      const later$ = again.peer$.pipe(
        at(helpers, 1_000, peer => peer.send(cast.g)),
        at(helpers, 3_600_000, peer => peer.send(cast.g)),
      )
      helpers
        .expectObservable(letterP(later$), '^ 9000s !')
        .toBe(`P ${3_600_000 + MINUTES_20 - 1}ms #`, undefined, stalled)
    }),
  )

  it(
    'what begins to wait has its 20 minutes, also where the last look is still to come',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone, {}, { taking: takingAt(helpers, [5_000]) })
      const sending$ = peer$.pipe(
        at(helpers, 1_000, peer => peer.send(cast.g)),
        at(helpers, 1_100_000, peer => peer.send(cast.g)),
      )
      helpers
        .expectObservable(letterP(sending$), '^ 5000s !')
        .toBe(`P ${1_100_000 + MINUTES_20 - 1}ms #`, undefined, stalled)
    }),
  )

  it(
    'more that is sent is no progress',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone, {}, { taking: takingAt(helpers, []) })
      const sending$ = peer$.pipe(
        tap(peer => {
          for (let ms = 1_000; ms < MINUTES_20; ms += 60_000) {
            helpers.scheduler.schedule(() => peer.send(cast.g), ms)
          }
        }),
      )
      helpers
        .expectObservable(letterP(sending$), '^ 3000s !')
        .toBe(`P ${MINUTES_20 + 999}ms #`, undefined, stalled)
    }),
  )

  it(
    'answers that wait count, and so do those that wait for room',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 996ms p', alone, {}, { taking: takingAt(helpers, []) })
      helpers
        .expectObservable(letterP(peer$), '^ 3000s !')
        .toBe(`P ${MINUTES_20 + 999}ms #`, undefined, stalled)
    }),
  )

  it(
    'it stands still for nobody: not while users wait, and not while the remote does',
    marbles(helpers => {
      const { peer$ } = outbound(
        helpers,
        '(va) 996ms (pu)',
        { ...alone, memoryLimit: 1_000 },
        {},
        { taking: takingAt(helpers, []) },
      )
      helpers
        .expectObservable(letterP(peer$.pipe(tap(peer => peer.hold(1_000)))), '^ 3000s !')
        .toBe(`P ${MINUTES_20 + 999}ms #`, undefined, stalled)
    }),
  )

  it(
    'how long is an option, to the millisecond',
    marbles(helpers => {
      const ending = (sendTimeout: number) => {
        const { peer$ } = outbound(
          helpers,
          '(va)',
          { ...alone, sendTimeout },
          {},
          { taking: takingAt(helpers, [1_000 + 5_000]) },
        )
        return letterP(peer$.pipe(at(helpers, 1_000, peer => peer.send(cast.g))))
      }
      helpers.expectObservable(ending(4_999), '^ 3000s !').toBe('P 5998ms #', undefined, stalled)
      helpers.expectObservable(ending(5_001), '^ 3000s !').toBe('P')
    }),
  )

  it(
    'it is the same under the manners of core',
    marbles(helpers => {
      const { peer$ } = outbound(
        helpers,
        '(va)',
        { ...alone, policy: corePolicy },
        {},
        { taking: takingAt(helpers, []) },
      )
      helpers
        .expectObservable(letterP(peer$.pipe(at(helpers, 1_000, peer => peer.send(cast.g)))), '^ 3000s !')
        .toBe(`P ${MINUTES_20 + 999}ms #`, undefined, stalled)
    }),
  )

  it(
    'a peer that has nothing to write has no timer for it',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { peer$ } = outbound(
        helpers,
        '(va)',
        { ...alone, scheduler: timers.scheduler },
        {},
        { taking: takingAt(helpers, [1_500]) },
      )
      const sending$ = peer$.pipe(at(helpers, 1_000, peer => peer.send(cast.g)))
      helpers.expectObservable(letterP(sending$), '^ 3000s !').toBe('P')
      // It is not set anew by each write, but looks when it fires.
      const looks = '500ms a 1499ms b 1200s c'
      helpers
        .expectObservable(helpers.hot(looks).pipe(map(() => timers.pending())))
        .toBe(looks, { a: 0, b: 1, c: 0 })
    }),
  )

  it(
    'what is sent behind our own end, by the same handler, leaves no timer',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { peer$ } = outbound(
        helpers,
        '(va) 996ms u',
        { ...alone, scheduler: timers.scheduler },
        {},
        { taking: takingAt(helpers, []) },
      )
      const ending$ = peer$.pipe(
        tap(peer => {
          peer.on('unknown').subscribe(() => {
            peer.disconnect()
            peer.send(cast.g)
          })
        }),
      )
      helpers.expectObservable(letterP(ending$)).toBe('P 999ms |')
      helpers.expectObservable(helpers.hot('2s x').pipe(map(() => timers.pending()))).toBe('2s x', { x: 0 })
    }),
  )

  it(
    'unsubscribing leaves no timer, and writes what waits',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = outbound(
        helpers,
        '(va)',
        { ...alone, scheduler: timers.scheduler },
        {},
        { taking: takingAt(helpers, []) },
      )
      const sending$ = peer$.pipe(at(helpers, 1_000, peer => peer.send(cast.g)))
      helpers.expectObservable(letterP(sending$), '^ 9999ms !').toBe('P')
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('10s (e|)', { e: 'close, 0 timers' })
    }),
  )
})
