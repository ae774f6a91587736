import {
  catchError,
  filter,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  Subject,
  switchMap,
  timer,
} from 'rxjs'
import { describe, it } from 'vitest'
import { pingTimeout } from '../src/behaviors/ping-timeout.js'
import { PeerError } from '../src/peer/close.js'
import { consume } from '../src/peer/consume.js'
import { channelOf } from '../src/peer/face.js'
import type { PeerOptions } from '../src/peer/options.js'
import type { Peer } from '../src/peer/peer.js'
import { pingOnce } from '../src/requests/ping-once.js'
import { RequestError } from '../src/requests/request-error.js'
import { TransportError } from '../src/stream/connection.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import type { ScriptedRemote } from '../src/testing/scripted-remote.js'
import type { Message } from '../src/wire/messages.js'
import { cast, failure, letterP, outbound } from './cast.js'
import { at, countedTimers, tight } from './timers.js'

// What handlers hold lets users wait; what waits for users lets the remote wait. The handshake is over at 0 ms: `(va)`
// takes 4 ms, so `(va)------u` says u at 10 ms. Peers that are `tight` have so little memory that one message that waits
// for users makes the remote wait.

/** The other habits would end these diagrams for reasons of their own. */
const others = { idle: false, keepAlive: false, stall: false } satisfies PeerOptions['behaviors']
const alone = { behaviors: others } satisfies PeerOptions

/** Each look whether a connection that is not read is still there, as the letter w. */
function looks({ connection }: ScriptedRemote, answer: () => void = () => {}): Observable<'w'> {
  const seen = new Subject<'w'>()
  const { write } = connection
  Object.assign(connection, {
    write: (bytes: Uint8Array, written?: () => void) => {
      write(bytes, written)
      if (bytes.length > 0) return
      seen.next('w')
      answer()
    },
  })
  return seen
}

/** Holds more than a tight peer may, from one moment to another, ms. */
function held(helpers: MarbleHelpers, from: number, to: number) {
  return at(helpers, from, peer => {
    helpers.scheduler.schedule(peer.hold(1_000), to - from)
  })
}

/** What users get, by command. */
const toUsers = (peer$: Observable<Peer>) =>
  peer$.pipe(
    catchError(() => of()),
    switchMap(peer => peer.messages$),
    map(({ command }) => command),
  )

const letters = { u: 'unknown', i: 'inv', g: 'getaddr', p: 'ping' }

describe('a hold', () => {
  it(
    'lets users wait, and nobody else: a ping is answered when it comes',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------p-i-p', alone)
      const holding$ = peer$.pipe(
        at(helpers, 5, peer => {
          helpers.scheduler.schedule(peer.hold(5_000_001), 45)
        }),
      )
      helpers.expectObservable(toUsers(holding$), '^ 99ms !').toBe('50ms (pip)', letters)
      const pongs$ = remote.sent$.pipe(
        filter(({ command }) => command === 'pong'),
        map(() => 'o'),
      )
      helpers.expectObservable(pongs$).toBe('----------o---o 85ms |')
    }),
  )

  it(
    'is no reason to read no further, until as much waits',
    marbles(helpers => {
      const half = { u: { command: 'unknown', name: 'half', payload: new Uint8Array(2_500_000) } } as const
      const { remote, peer$ } = outbound(helpers, '(va)------u-u-u', alone, half)
      const holding$ = peer$.pipe(
        at(helpers, 5, peer => {
          helpers.scheduler.schedule(peer.hold(5_000_001), 3_000)
        }),
      )
      // The second one is above the mark: from 12 ms on nothing is read.
      helpers.expectObservable(looks(remote)).toBe('1012ms w 999ms w')
      helpers.expectObservable(toUsers(holding$), '^ 3999ms !').toBe('3005ms (uuu)', letters)
    }),
  )
})

describe('a remote that has to wait', () => {
  it(
    'is looked after each second, from then on and until it is read again',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------u', { ...alone, ...tight })
      helpers.expectObservable(letterP(peer$.pipe(held(helpers, 5, 3_009))), '^ 9s !').toBe('P')
      helpers.expectObservable(looks(remote)).toBe('1010ms w 999ms w')
      const longer = outbound(helpers, '(va)------u', { ...alone, ...tight })
      helpers.expectObservable(letterP(longer.peer$.pipe(held(helpers, 5, 3_011))), '^ 9s !').toBe('P')
      helpers.expectObservable(looks(longer.remote)).toBe('1010ms w 999ms w 999ms w')
    }),
  )

  it(
    'is looked after anew each time',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------u 2989ms u', { ...alone, ...tight })
      const holding$ = peer$.pipe(held(helpers, 5, 1_500), held(helpers, 2_500, 4_500))
      helpers.expectObservable(letterP(holding$), '^ 9s !').toBe('P')
      helpers.expectObservable(looks(remote)).toBe('1010ms w 2989ms w')
    }),
  )

  it(
    'is looked after no more, and has no timer, once the peer has ended',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, peer$ } = outbound(helpers, '(va)------u', {
        ...alone,
        ...tight,
        scheduler: timers.scheduler,
      })
      helpers.expectObservable(letterP(peer$.pipe(held(helpers, 5, 9_000))), '^ 1500ms !').toBe('P')
      helpers.expectObservable(looks(remote)).toBe('1010ms w')
      helpers
        .expectObservable(helpers.hot('1502ms x').pipe(map(() => timers.pending())))
        .toBe('1502ms x', { x: 0 })
    }),
  )

  it(
    'ends the peer at the look that finds it gone',
    marbles(helpers => {
      // A socket that is not read tells of a reset when it is written to.
      const scene = () => {
        const bytes = helpers.hot<Message>('(va)------u', cast)
        const gone = new Subject<Message>()
        const { remote, peer$ } = outbound(helpers, merge(bytes, gone), { ...alone, ...tight })
        let broken = false
        helpers.scheduler.schedule(() => {
          broken = true
        }, 1_500)
        Object.assign(remote.connection, { pause: () => {} })
        return {
          looks$: looks(remote, () => {
            if (broken) gone.error(new TransportError('connection-reset'))
          }),
          peer$: peer$.pipe(held(helpers, 5, 60_000)),
        }
      }
      const one = scene()
      helpers.expectObservable(one.looks$).toBe('1010ms w 999ms w')
      helpers
        .expectObservable(letterP(one.peer$), '^ 99s !')
        .toBe('P 2009ms #', undefined, failure('connection-reset'))
      // What waited is dropped, and users are not told of it.
      helpers.expectObservable(toUsers(scene().peer$), '^ 99s !').toBe('2010ms |')
    }),
  )
})

describe('deadlines', () => {
  const nonce = 0x0101_0101_0101_0101n

  it(
    'of requests run on, whatever is held and whoever waits',
    marbles(helpers => {
      const asking = (options: PeerOptions) => {
        const { peer$ } = outbound(helpers, '(va)------u', { ...alone, ...options })
        return peer$.pipe(
          held(helpers, 5, 60_000),
          switchMap(peer =>
            timer(100, helpers.scheduler).pipe(
              switchMap(() => pingOnce(peer, { timeout: 1_000 })),
              catchError((error: unknown) =>
                of(error instanceof RequestError ? error.code : 'another error'),
              ),
            ),
          ),
        )
      }
      for (const options of [{}, tight]) {
        helpers.expectObservable(asking(options), '^ 9s !').toBe('1100ms t', { t: 'timeout' })
      }
    }),
  )

  it(
    'of requests are met by answers that come while users wait',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va) 196ms o', alone, { o: { command: 'pong', nonce } })
      const asking$ = peer$.pipe(
        at(helpers, 5, peer => peer.hold(5_000_001)),
        switchMap(peer =>
          timer(100, helpers.scheduler).pipe(switchMap(() => pingOnce(peer, { timeout: 1_000 }))),
        ),
      )
      helpers.expectObservable(asking$, '^ 9s !').toBe('200ms m', { m: 100 })
    }),
  )

  it(
    'of habits do not care that users wait, and stand still while the remote does',
    marbles(helpers => {
      const ending = (said: string, until: number) => {
        const { peer$ } = outbound(helpers, said, {
          ...tight,
          behaviors: { ...others, pingTimeout: pingTimeout(5_000) },
        })
        return letterP(
          peer$.pipe(
            held(helpers, 5, until),
            at(helpers, 500, peer => peer.send(cast.p)),
          ),
        )
      }
      const overdue = failure('ping-timeout')
      helpers.expectObservable(ending('(va)', 60_000), '^ 99s !').toBe('P 5499ms #', undefined, overdue)
      // 1,500 ms had passed when the remote had to wait, at 2,000; it has the rest of the 5,000 from 10,000 on.
      helpers
        .expectObservable(ending('(va) 1996ms u', 10_000), '^ 99s !')
        .toBe('P 13499ms #', undefined, overdue)
    }),
  )
})

describe('W1: handlers that ask the peer whose messages they hold', () => {
  const nonce = 0x0101_0101_0101_0101n
  /** Three of them are more than may be held. */
  const values = {
    x: { command: 'unknown', name: 'large', payload: new Uint8Array(2_500_000) },
    o: { command: 'pong', nonce },
  } as const

  const codeOf = (error: unknown) =>
    error instanceof RequestError || error instanceof PeerError ? error.code : 'another error'

  /** What becomes of the question of each message, and of the peer. */
  function asking(
    peer$: Observable<Peer>,
    name: (message: Message) => string = () => '',
  ): Observable<string> {
    const asked = (peer: Peer) =>
      peer.messages$.pipe(
        consume(peer, message =>
          pingOnce(peer, { timeout: 1_000 }).pipe(
            map(() => 'answered'),
            catchError((error: unknown) => of(`${name(message)}${codeOf(error)}`)),
          ),
        ),
      )
    return peer$.pipe(
      catchError((error: unknown) => of(codeOf(error))),
      mergeMap(peer => (typeof peer === 'string' ? of(peer) : asked(peer))),
    )
  }

  it(
    'get typed errors in time, and the end is seen',
    marbles(helpers => {
      const reset = new TransportError('connection-reset')
      const said$ = helpers.hot<Message>('(va)------x-x-x 2985ms #', { ...cast, ...values }, reset)
      const { peer$ } = outbound(helpers, said$, alone)
      helpers
        .expectObservable(asking(peer$), '^ 99s !')
        .toBe('1010ms t 999ms t 989ms (ec|)', { t: 'timeout', e: 'connection-reset', c: 'peer-closed' })
    }),
  )

  it(
    'get their answers, which do not wait behind what is held',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------x-x-x 99ms o 99ms o 99ms o', alone, values)
      helpers.expectObservable(asking(peer$), '^ 99s !').toBe('114ms a 99ms a 99ms a', { a: 'answered' })
    }),
  )

  it(
    'get typed errors at once where the remote ends in order, and see all that it had said before',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------x-x-x-i-|', alone, values)
      helpers
        .expectObservable(
          asking(peer$, ({ command }) => `${command} `),
          '^ 99s !',
        )
        .toBe('18ms (xxxie|)', { x: 'unknown peer-closed', i: 'inv peer-closed', e: 'remote-closed' })
    }),
  )
})

describe('questions', () => {
  it(
    'are told of an orderly end when it comes, and users behind what waits',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------i-|', alone)
      const told$ = peer$.pipe(
        at(helpers, 5, peer => {
          helpers.scheduler.schedule(peer.hold(5_000_001), 45)
        }),
        switchMap(peer => {
          const told = new Subject<string>()
          channelOf(peer).ask({
            take: ({ command }) => {
              told.next(`asked ${command}`)
              return 'passed'
            },
            ended: ({ code }) => told.next(`asked ${code}`),
          })
          return merge(
            told,
            peer.messages$.pipe(map(({ command }) => command)),
            peer.closed$.pipe(map(({ code }) => code)),
          )
        }),
        catchError(() => of('error')),
      )
      helpers.expectObservable(told$, '^ 99ms !').toBe('----------a-q 37ms (icE|)', {
        a: 'asked inv',
        q: 'asked remote-closed',
        i: 'inv',
        c: 'remote-closed',
        E: 'error',
      })
    }),
  )
})
