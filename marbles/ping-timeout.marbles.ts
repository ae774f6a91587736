import { filter, map, type Observable } from 'rxjs'
import { describe, it } from 'vitest'
import type { PeerOptions } from '../src/peer/options.js'
import { corePolicy } from '../src/peer/policy.js'
import { marbles } from '../src/testing/marbles.js'
import type { ScriptedRemote } from '../src/testing/scripted-remote.js'
import { failure, inbound, letterP, outbound, version } from './cast.js'
import { at, countedTimers, endAndTimers, heldBetween, late, tight } from './timers.js'

// Row PG9 of the protocol notes. The handshake is over at 0 ms: `(va)` takes 4 ms, so `(va) 129996ms o` says o at
// 130,000 ms. Our pings leave at 120,000 ms, 240,000 ms and so on. The dice of a diagram always show 0x01, so all of them
// have the same nonce; o is its pong, n a pong with another nonce, z one with nonce 0.
const values = {
  o: { command: 'pong', nonce: 0x0101_0101_0101_0101n },
  n: { command: 'pong', nonce: 42n },
  z: { command: 'pong', nonce: 0n },
} as const

/** A remote that says nothing else is idle; that is another diagram. */
const patient = { policy: corePolicy, behaviors: { idle: false } } satisfies PeerOptions

const timedOut = failure('ping-timeout')

/** Dice that never show the same twice: nonces count up, the version message has the first. */
function countingDice(): PeerOptions['random'] {
  let drawn = 0n
  return {
    bytes: size => {
      const bytes = new Uint8Array(size)
      drawn += 1n
      new DataView(bytes.buffer).setBigUint64(size - 8, drawn)
      return bytes
    },
  }
}

function pingsOf({ sent$ }: ScriptedRemote): Observable<string> {
  return sent$.pipe(
    filter(({ command }) => command === 'ping'),
    map(() => 'p'),
  )
}

describe('ping timeout', () => {
  it.each([
    ['outbound', outbound],
    ['inbound', inbound],
  ] as const)(
    'PG9 %s: 20 min after a ping without pong core disconnects, not a millisecond earlier',
    (_, scene) => {
      marbles(helpers => {
        const timers = countedTimers(helpers)
        const { remote, peer$ } = scene(helpers, '(va)', { ...patient, scheduler: timers.scheduler })
        // 120,000 + 1,200,000: every ping that follows goes unanswered as well, and moves nothing.
        helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P 1319999ms #', undefined, timedOut)
        helpers.expectObservable(endAndTimers(remote, timers)).toBe('1320s (e|)', { e: 'close, 0 timers' })
        helpers.expectObservable(pingsOf(remote)).toBe(`120s ${'p 119999ms '.repeat(10)} |`)
      })()
    },
  )

  it(
    'PG9 btcd waits for ever',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)', { behaviors: { idle: false } })
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P')
      helpers.expectObservable(remote.ended$).toBe('7200001ms (e|)', { e: 'close' })
    }),
  )

  it(
    'PG9 every pong answers its ping: the next one has 20 min again',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 129996ms o', patient, values)
      // The ping at 240,000 ms is the first without an answer.
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P 1439999ms #', undefined, timedOut)
    }),
  )

  it(
    'PG9 a pong 1 ms before the deadline is in time',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 1319995ms z', patient, values)
      // z at 1,319,999 cancels the ten pings up to 1,200,000; the next one leaves at 1,320,000.
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P 2519999ms #', undefined, timedOut)
    }),
  )

  it(
    'PG9 a pong with another nonce cancels nothing',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 129996ms n 599999ms n', patient, values)
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P 1319999ms #', undefined, timedOut)
    }),
  )

  it(
    'PG9 a pong with nonce 0 cancels what is outstanding',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 129996ms z', patient, values)
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P 1439999ms #', undefined, timedOut)
    }),
  )

  it(
    'PG9 a late pong answers its own ping and those before it, not those after',
    marbles(helpers => {
      // Pings 2, 3 and 4 (1 is the nonce of our version) leave at 120,000, 240,000 and 360,000; 3 is answered at 370,000.
      const late = { l: { command: 'pong', nonce: 3n } } as const
      const { peer$ } = outbound(helpers, '(va) 369996ms l', { ...patient, random: countingDice() }, late)
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P 1559999ms #', undefined, timedOut)
    }),
  )

  it(
    'PG9 pings of the user count, from the moment in which they were written',
    marbles(helpers => {
      const { peer$ } = outbound(
        helpers,
        '(va)',
        { ...patient, behaviors: { idle: false, keepAlive: false } },
        {},
        { taking: late(helpers, 2_000) },
      )
      const pinging$ = peer$.pipe(at(helpers, 10_000, peer => peer.send({ command: 'ping', nonce: 5n })))
      helpers.expectObservable(letterP(pinging$), '^ 7200s !').toBe('P 1211999ms #', undefined, timedOut)
    }),
  )

  it(
    'the time is an option, under either policy',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', { pingTimeout: 5_000, pingInterval: 1_000 })
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P 5999ms #', undefined, timedOut)
    }),
  )

  it(
    'a paused peer stands still',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 199996ms i', { ...patient, ...tight })
      const held$ = peer$.pipe(heldBetween(helpers, 200_000, 5_200_000))
      helpers.expectObservable(letterP(held$), '^ 7200s !').toBe('P 6319999ms #', undefined, timedOut)
    }),
  )

  it(
    'PG2 up to version 60000 there are no pongs to wait for',
    marbles(helpers => {
      const protocolVersion = 60_000
      const { peer$ } = outbound(
        helpers,
        '(va)',
        { ...patient, protocolVersion },
        { v: version({ protocolVersion }) },
        { protocolVersion },
      )
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P')
    }),
  )

  it(
    'left out by name, nothing is waited for',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', {
        policy: corePolicy,
        behaviors: { idle: false, pingTimeout: false },
      })
      helpers.expectObservable(letterP(peer$), '^ 7200s !').toBe('P')
    }),
  )

  it(
    'unsubscribing leaves no timer',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = outbound(helpers, '(va)', { ...patient, scheduler: timers.scheduler })
      helpers.expectObservable(letterP(peer$), '^ 200s !').toBe('P')
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('200001ms (e|)', { e: 'close, 0 timers' })
    }),
  )
})
