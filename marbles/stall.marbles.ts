import { type MonoTypeOperatorFunction, tap } from 'rxjs'
import { describe, it } from 'vitest'
import { stall } from '../src/behaviors/stall.js'
import type { PeerOptions } from '../src/peer/options.js'
import type { Peer } from '../src/peer/peer.js'
import { corePolicy } from '../src/peer/policy.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import { InventoryType } from '../src/wire/inventory.js'
import type { Message } from '../src/wire/messages.js'
import { sampleBlock, sampleCoinbase } from '../test/support/samples.js'
import { cast, failure, inbound, letterP, outbound } from './cast.js'
import { at, countedTimers, endAndTimers, heldBetween, late, movableClock, tight } from './timers.js'

// Rows ST of the protocol notes, and the table above them. The handshake is over at 0 ms: `(va)` takes 4 ms, so
// `(va) 996ms i` says i at 1,000 ms. What our side writes is named by the helper `writing`; the looks are at 15, 30, 45 s …
const stalled = failure('stalled')

const hash = new Uint8Array(32).fill(3)
const entry = { type: InventoryType.tx, hash }
const coinbase = sampleCoinbase()
const block = sampleBlock([coinbase])

const requests = {
  version: cast.v,
  mempool: { command: 'mempool' },
  getblocks: { command: 'getblocks', version: 70016, locator: [hash], stop: new Uint8Array(32) },
  getdata: { command: 'getdata', inventory: [entry, { type: InventoryType.block, hash }] },
  getheaders: { command: 'getheaders', version: 70016, locator: [hash], stop: new Uint8Array(32) },
  ping: cast.p,
  getaddr: cast.g,
} as const satisfies Record<string, Message>

const answers = {
  inv: cast.i,
  block: { command: 'block', block },
  merkleblock: {
    command: 'merkleblock',
    header: block.header,
    totalTransactions: 1,
    hashes: [coinbase.txid],
    flags: Uint8Array.of(0),
  },
  tx: { command: 'tx', transaction: coinbase },
  notfound: { command: 'notfound', inventory: [entry] },
  headers: { command: 'headers', headers: [] },
  pong: cast.o,
  addr: { command: 'addr', addresses: [] },
} as const satisfies Record<string, Message>

/** The letters of answers: b block, m merkleblock, t tx, n notfound, k headers, d addr; i inv and o pong are of the cast. */
const values = {
  b: answers.block,
  m: answers.merkleblock,
  t: answers.tx,
  n: answers.notfound,
  k: answers.headers,
  d: answers.addr,
}

/** The other habits would end these diagrams for reasons of their own. */
const others = { idle: false, keepAlive: false } satisfies PeerOptions['behaviors']
const alone = { behaviors: others } satisfies PeerOptions

/** Sends a request at a moment, ms. */
function writing(helpers: MarbleHelpers, ms: number, message: Message): MonoTypeOperatorFunction<Peer> {
  return at(helpers, ms, peer => peer.send(message))
}

/** Lets the handling of every such message take a while by the clock. */
function busyWith(command: Message['command'], work: () => void): MonoTypeOperatorFunction<Peer> {
  return tap(peer => peer.on(command).subscribe(work))
}

describe('stall', () => {
  it.each([
    ['outbound', outbound],
    ['inbound', inbound],
  ] as const)('ST1 %s: getdata at 1 s is overdue at 31 s and found at the look at 45 s', (_, scene) => {
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = scene(helpers, '(va)', { ...alone, scheduler: timers.scheduler })
      const asking$ = peer$.pipe(writing(helpers, 1_000, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 44999ms #', undefined, stalled)
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('45s (e|)', { e: 'close, 0 timers' })
    })()
  })

  it(
    'ST2 getdata at 0 is overdue at 30,000 ms and found at that very look',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone)
      const asking$ = peer$.pipe(writing(helpers, 0, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 29999ms #', undefined, stalled)
    }),
  )

  it(
    'ST2 getdata at 1 ms is not yet overdue at that look',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone)
      const asking$ = peer$.pipe(writing(helpers, 1, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 44999ms #', undefined, stalled)
    }),
  )

  it(
    'a request that its sender awaits is left alone, also beside one that is not',
    marbles(helpers => {
      const awaiting = (...more: readonly MonoTypeOperatorFunction<Peer>[]) => {
        const { peer$ } = outbound(helpers, '(va)', alone)
        const awaited = at(helpers, 1_000, peer => peer.send(requests.getdata, { awaited: true }))
        return letterP(more.reduce((peers$, operator) => peers$.pipe(operator), peer$.pipe(awaited)))
      }
      helpers.expectObservable(awaiting(), '^ 600s !').toBe('P')
      const beside = awaiting(writing(helpers, 2_000, requests.getheaders))
      helpers.expectObservable(beside, '^ 600s !').toBe('P 104999ms #', undefined, stalled)
    }),
  )

  it(
    'ST3 getheaders at 1 s is found at 105 s',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone)
      const asking$ = peer$.pipe(writing(helpers, 1_000, requests.getheaders))
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 104999ms #', undefined, stalled)
    }),
  )

  it.each([
    ['version', 'the first look at or after 30 s', 0, '30s'],
    ['version', 'a look later', 1, '45s'],
    ['getdata', 'the first look at or after 30 s', 0, '30s'],
    ['getdata', 'a look later', 1, '45s'],
    ['getheaders', 'the look at 90 s', 0, '90s'],
    ['getheaders', 'a look later', 1, '105s'],
  ] as const)('ST table: %s without an answer closes at %s, written at %i ms', (request, _, ms, closed) => {
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)', alone)
      const asking$ = peer$.pipe(writing(helpers, ms, requests[request]))
      helpers.expectObservable(remote.ended$).toBe(`${closed} (e|)`, { e: 'close' })
      helpers
        .expectObservable(letterP(asking$), '^ 600s !')
        .toBe(`P ${Number.parseInt(closed, 10) * 1000 - 1}ms #`, undefined, stalled)
    })()
  })

  it.each([
    ['getdata', 'b'],
    ['getdata', 'm'],
    ['getdata', 't'],
    ['getdata', 'n'],
    ['getheaders', 'k'],
  ] as const)('ST4 ST5 table: %s is answered by %s', (request, answer) => {
    marbles(helpers => {
      // The answer comes 1 ms before the look that would close.
      const before = request === 'getheaders' ? 89_999 : 29_999
      const { remote, peer$ } = outbound(helpers, `(va) ${before - 4}ms ${answer}`, alone, values)
      const asking$ = peer$.pipe(writing(helpers, 0, requests[request]))
      helpers.expectObservable(letterP(asking$), '^ 599999ms !').toBe('P')
      helpers.expectObservable(remote.ended$).toBe('600s (e|)', { e: 'close' })
    })()
  })

  it.each(['ping', 'getaddr'] as const)('ST table: %s may go unanswered', request => {
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone)
      const asking$ = peer$.pipe(writing(helpers, 0, requests[request]))
      helpers.expectObservable(letterP(asking$), '^ 599999ms !').toBe('P')
    })()
  })

  it(
    'ST table: a repeat extends the deadline',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', alone)
      const asking$ = peer$.pipe(
        writing(helpers, 0, requests.getdata),
        writing(helpers, 15_001, requests.getdata),
      )
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 59999ms #', undefined, stalled)
    }),
  )

  it(
    'ST table: the deadline starts when the request was written, not when it was queued',
    marbles(helpers => {
      const closing = (ms: number) => {
        const { peer$ } = outbound(helpers, '(va)', alone, {}, { taking: late(helpers, ms) })
        return letterP(peer$.pipe(writing(helpers, 10_000, requests.getdata)))
      }
      helpers.expectObservable(closing(20_000), '^ 600s !').toBe('P 59999ms #', undefined, stalled)
      helpers.expectObservable(closing(20_001), '^ 600s !').toBe('P 74999ms #', undefined, stalled)
    }),
  )

  it(
    'ST table: what is not written at all has no deadline',
    marbles(helpers => {
      let open = true
      const { peer$ } = outbound(helpers, '(va)', alone, {}, { taking: written => open && written() })
      const asking$ = peer$.pipe(
        tap(() => {
          open = false
        }),
        writing(helpers, 0, requests.getdata),
      )
      helpers.expectObservable(letterP(asking$), '^ 599999ms !').toBe('P')
    }),
  )

  it(
    'ST4 one tx for a getdata of two items clears all four',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 4996ms t', alone, values)
      const asking$ = peer$.pipe(writing(helpers, 1_000, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 599999ms !').toBe('P')
    }),
  )

  it(
    'ST4 what was cleared is awaited anew after the next request',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 4996ms t', alone, values)
      const asking$ = peer$.pipe(
        writing(helpers, 1_000, requests.getdata),
        writing(helpers, 15_000, requests.getdata),
      )
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 44999ms #', undefined, stalled)
    }),
  )

  it.each(['mempool', 'getblocks'] as const)(
    'silence after %s is no stall: a node with an empty mempool, or at our tip, has nothing to say',
    request => {
      marbles(helpers => {
        const { peer$ } = outbound(helpers, '(va)', alone)
        helpers
          .expectObservable(letterP(peer$.pipe(writing(helpers, 0, requests[request]))), '^ 600s !')
          .toBe('P')
      })()
    },
  )

  it(
    'ST6 the time of handlers since the last look is granted, to the millisecond',
    marbles(helpers => {
      const closing = (written: number) => {
        const clock = movableClock(helpers)
        const { peer$ } = outbound(helpers, '(va) 19996ms u', { ...alone, clock })
        return letterP(
          peer$.pipe(
            writing(helpers, written, requests.getdata),
            busyWith('unknown', () => clock.take(10_000)),
          ),
        )
      }
      // At the look at 30,000 the clock shows 40,000, of which 10,000 are granted.
      helpers.expectObservable(closing(0), '^ 600s !').toBe('P 29999ms #', undefined, stalled)
      helpers.expectObservable(closing(1), '^ 600s !').toBe('P 44999ms #', undefined, stalled)
    }),
  )

  it(
    'ST6 it is granted for that look only',
    marbles(helpers => {
      const clock = movableClock(helpers)
      const { peer$ } = outbound(helpers, '(va) 19996ms u', { ...alone, clock })
      const asking$ = peer$.pipe(
        writing(helpers, 0, requests.getheaders),
        busyWith('unknown', () => clock.take(20_000)),
      )
      // The clock shows 90,000 at 70,000; the look at 75,000 is the first to see it.
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 74999ms #', undefined, stalled)
    }),
  )

  it(
    'ST6 the handling of the new peer itself is granted too',
    marbles(helpers => {
      const clock = movableClock(helpers)
      const { peer$ } = outbound(helpers, '(va)', { ...alone, clock })
      const asking$ = peer$.pipe(
        tap(peer => {
          peer.send(requests.getdata)
          clock.take(20_000)
        }),
      )
      // At the look at 15,000 the clock shows 35,000; at 30,000 nothing is granted any more.
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 29999ms #', undefined, stalled)
    }),
  )

  it(
    'ST6 time that nobody handled anything in is not granted',
    marbles(helpers => {
      const clock = movableClock(helpers)
      const { peer$ } = outbound(helpers, '(va)', { ...alone, clock })
      const asking$ = peer$.pipe(
        writing(helpers, 0, requests.getdata),
        at(helpers, 1_000, () => clock.take(15_000)),
      )
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 14999ms #', undefined, stalled)
    }),
  )

  it(
    'ST7 switched off by name, nothing stalls',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', { behaviors: { ...others, stall: false } })
      const asking$ = peer$.pipe(
        writing(helpers, 0, requests.getdata),
        writing(helpers, 0, requests.getheaders),
      )
      helpers.expectObservable(letterP(asking$), '^ 599999ms !').toBe('P')
    }),
  )

  it(
    'ST8 messages that answer something else clear nothing',
    marbles(helpers => {
      // inv, pong, headers, unknown, addr every 5 s
      const said = `(va) 4996ms ${['i', 'o', 'k', 'u', 'd'].join(' 4999ms ')}`
      const { peer$ } = outbound(helpers, said, alone, values)
      const asking$ = peer$.pipe(writing(helpers, 0, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 29999ms #', undefined, stalled)
    }),
  )

  it(
    'ST8 answers to getdata do not clear getheaders',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 4996ms b', alone, values)
      const asking$ = peer$.pipe(
        writing(helpers, 0, requests.getheaders),
        writing(helpers, 0, requests.getdata),
      )
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 89999ms #', undefined, stalled)
    }),
  )

  it(
    'a paused peer stands still',
    marbles(helpers => {
      const closing = (until: number) => {
        const { peer$ } = outbound(helpers, '(va) 9996ms u', { ...alone, ...tight })
        return letterP(peer$.pipe(writing(helpers, 0, requests.getdata), heldBetween(helpers, 10_000, until)))
      }
      // 30 s of attention are over at 120,000, or 1 ms after that look.
      helpers.expectObservable(closing(100_000), '^ 600s !').toBe('P 119999ms #', undefined, stalled)
      helpers.expectObservable(closing(100_001), '^ 600s !').toBe('P 134999ms #', undefined, stalled)
    }),
  )

  it(
    'an answer that waited through the pause is in time',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 9996ms u 39999ms t', { ...alone, ...tight }, values)
      const asking$ = peer$.pipe(writing(helpers, 0, requests.getdata), heldBetween(helpers, 10_000, 100_000))
      helpers.expectObservable(letterP(asking$), '^ 599999ms !').toBe('P')
    }),
  )

  it(
    'the time between looks is an option',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', { ...alone, stallTick: 7_000 })
      const asking$ = peer$.pipe(writing(helpers, 0, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 34999ms #', undefined, stalled)
    }),
  )

  it(
    'a table of one’s own replaces btcd’s',
    marbles(helpers => {
      const own = stall({ tick: 1_000, table: { getaddr: { answers: ['addr', 'addrv2'], timeout: 5_000 } } })
      const closing = (said: string, message: Message) => {
        const { peer$ } = outbound(helpers, said, { behaviors: { ...others, stall: own } }, values)
        return letterP(peer$.pipe(writing(helpers, 500, message)))
      }
      helpers
        .expectObservable(closing('(va)', requests.getaddr), '^ 600s !')
        .toBe('P 5999ms #', undefined, stalled)
      helpers.expectObservable(closing('(va) 996ms d', requests.getaddr), '^ 60s !').toBe('P')
      helpers.expectObservable(closing('(va)', requests.getdata), '^ 60s !').toBe('P')
    }),
  )

  it(
    'it is the same under the manners of core',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)', { ...alone, policy: corePolicy })
      const asking$ = peer$.pipe(writing(helpers, 0, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 600s !').toBe('P 29999ms #', undefined, stalled)
    }),
  )

  it(
    'unsubscribing leaves no timer',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = outbound(helpers, '(va)', { ...alone, scheduler: timers.scheduler })
      const asking$ = peer$.pipe(writing(helpers, 0, requests.getdata))
      helpers.expectObservable(letterP(asking$), '^ 9999ms !').toBe('P')
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('10s (e|)', { e: 'close, 0 timers' })
    }),
  )
})
