import {
  bufferCount,
  catchError,
  EMPTY,
  filter,
  identity,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  type ObservableInput,
  type OperatorFunction,
  of,
  switchMap,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs'
import { describe, it } from 'vitest'
import { type ConsumeOptions, consume } from '../src/peer/consume.js'
import type { Peer } from '../src/peer/peer.js'
import { ofCommand } from '../src/stream/of-command.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import type { ScriptedRemote } from '../src/testing/scripted-remote.js'
import type { Message, MessageOf } from '../src/wire/messages.js'
import { inbound, outbound } from './cast.js'

// The handshake is over at 0 ms: `(va)` takes 4 ms, so `(va)------x` says x at 10 ms. Every handler takes 100 ms unless
// said otherwise. Of what the remote says, x has half of the bytes that may be held, y has one more, and z a few.
// Whether the peer is paused shows in its pongs (o): a ping (p) that arrives meanwhile is answered when it goes on.
const MARK = 5_000_000

/** A message that takes so many bytes on the wire. */
function sized(name: string, bytes: number): Message {
  return { command: 'unknown', name, payload: new Uint8Array(bytes - 24) }
}

const values = { x: sized('x', MARK / 2), y: sized('y', MARK / 2 + 1), z: sized('z', 100) }
const select = ofCommand('unknown')

function pongsOf({ sent$ }: ScriptedRemote): Observable<'o'> {
  return sent$.pipe(
    filter(({ command }) => command === 'pong'),
    map(() => 'o' as const),
  )
}

const nameOf = (message: Message) => (message.command === 'unknown' ? message.name : message.command)

/** Handles every message for a while, then tells its name. */
function taking({ scheduler }: MarbleHelpers, ms = 100): (message: Message) => Observable<string> {
  return message => timer(ms, scheduler).pipe(map(() => nameOf(message)))
}

/** Which messages are consumed, and how. */
interface Consuming extends ConsumeOptions {
  /** Default: all. */
  readonly select?: OperatorFunction<Message, Message>
}

/** What a consumer emits, whether or not the peer lives on. */
function consumed<T>(
  peer$: Observable<Peer>,
  project: (message: Message) => ObservableInput<T>,
  { select: selected = identity, ...options }: Consuming = {},
): Observable<T> {
  return peer$.pipe(
    catchError(() => EMPTY),
    switchMap(peer => peer.messages$.pipe(selected, consume(peer, project, options))),
  )
}

describe('consume', () => {
  it.each([
    ['outbound', outbound],
    ['inbound', inbound],
  ] as const)('%s: one message at a time, in order', (_, scene) => {
    marbles(helpers => {
      const { peer$ } = scene(helpers, '(va)------(ghi)')
      helpers
        .expectObservable(consumed(peer$, taking(helpers)), '^ 500ms !')
        .toBe('110ms g 99ms h 99ms i', { g: 'getaddr', h: 'sendheaders', i: 'inv' })
    })()
  })

  it(
    'as many at a time as concurrency says; the others wait in order',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------g-h-i')
      helpers
        .expectObservable(consumed(peer$, taking(helpers), { concurrency: 2 }), '^ 500ms !')
        .toBe('110ms g-h 97ms i', { g: 'getaddr', h: 'sendheaders', i: 'inv' })
    }),
  )

  it(
    'a handler may emit as it likes, or nothing',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------g---h---i')
      const project = ({ command }: Message) => (command === 'sendheaders' ? [] : [command, 'done'])
      helpers
        .expectObservable(consumed(peer$, project), '^ 500ms !')
        .toBe('----------(gd)----(id)', { g: 'getaddr', i: 'inv', d: 'done' })
    }),
  )

  it(
    'select leaves the others alone: they are not held',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------x-y-p', {}, values)
      helpers
        .expectObservable(
          consumed(peer$, () => NEVER, { select: ofCommand('getaddr') }),
          '^ 499ms !',
        )
        .toBe('')
      helpers.expectObservable(pongsOf(remote)).toBe('--------------o 485ms |')
    }),
  )

  it(
    'at 5,000,000 bytes the peer is not paused, above it is',
    marbles(helpers => {
      const consuming = (said: string) => {
        const { remote, peer$ } = outbound(helpers, said, {}, values)
        return merge(consumed(peer$, () => NEVER, { select }).pipe(mergeMap(() => EMPTY)), pongsOf(remote))
      }
      helpers.expectObservable(consuming('(va)------x-x-p'), '^ 499ms !').toBe('--------------o')
      helpers.expectObservable(consuming('(va)------x-y-p'), '^ 499ms !').toBe('')
    }),
  )

  it(
    'it goes on when half of that is held, and not before',
    marbles(helpers => {
      const consuming = (said: string) => {
        const { remote, peer$ } = outbound(helpers, said, {}, values)
        return merge(consumed(peer$, taking(helpers), { select }), pongsOf(remote))
      }
      // y is done first and leaves x, which is half; x is done first and leaves y, which is a byte more.
      helpers.expectObservable(consuming('(va)------y-x-p'), '^ 499ms !').toBe('110ms (yo) 96ms x')
      helpers.expectObservable(consuming('(va)------x-y-p'), '^ 499ms !').toBe('110ms x 99ms (yo)')
    }),
  )

  it(
    'every message counts 512 bytes at least',
    marbles(helpers => {
      const consuming = (bytes: number) => {
        const { remote, peer$ } = outbound(
          helpers,
          '(va)------x-w-z-p',
          {},
          { ...values, w: sized('w', bytes) },
        )
        return merge(
          consumed(peer$, () => NEVER, { select }),
          pongsOf(remote),
        )
      }
      // z has 100 bytes.
      helpers.expectObservable(consuming(MARK / 2 - 512), '^ 499ms !').toBe('----------------o')
      helpers.expectObservable(consuming(MARK / 2 - 511), '^ 499ms !').toBe('')
    }),
  )

  it(
    'counts what it is told, for values that are not the message in hand',
    marbles(helpers => {
      // Two of x wait for z and come together with it.
      const consuming = (bytes?: (message: MessageOf<'unknown'>) => number) => {
        const { remote, peer$ } = outbound(helpers, '(va)------x-x-z-p', {}, values)
        const together$ = peer$.pipe(
          switchMap(peer =>
            peer.on('unknown').pipe(
              bufferCount(3),
              mergeMap(waited => waited),
              consume(peer, () => NEVER, { bytes }),
            ),
          ),
        )
        return merge(together$, pongsOf(remote))
      }
      helpers.expectObservable(consuming(), '^ 499ms !').toBe('----------------o')
      helpers
        .expectObservable(
          consuming(({ payload }) => payload.length),
          '^ 499ms !',
        )
        .toBe('')
    }),
  )

  it(
    'what waited through a pause is handled in order',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------x-y-z-(zx)', {}, values)
      helpers
        .expectObservable(consumed(peer$, taking(helpers), { select }), '^ 999ms !')
        .toBe('110ms x 99ms y 99ms z 99ms z 99ms x')
    }),
  )

  it(
    'a handler that awaits another message of the same peer finishes',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------g---i-h')
      const consumed$ = peer$.pipe(
        switchMap(peer => peer.on('getaddr').pipe(consume(peer, () => peer.on('inv').pipe(take(1))))),
      )
      helpers
        .expectObservable(consumed$.pipe(map(({ command }) => command)), '^ 499ms !')
        .toBe('--------------i', { i: 'inv' })
    }),
  )

  it(
    'the error of a handler errors the result, frees what was held and leaves the peer alive',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------x-y-p 99ms p', {}, values)
      const failing = () => timer(50, helpers.scheduler).pipe(switchMap(() => throwError(() => 'mine')))
      const result$ = peer$.pipe(
        switchMap(peer =>
          merge(
            peer.messages$.pipe(
              select,
              consume(peer, failing),
              catchError(error => of(error)),
            ),
            peer.closed$,
          ),
        ),
      )
      helpers.expectObservable(result$, '^ 499ms !').toBe('60ms e', { e: 'mine' })
      helpers.expectObservable(pongsOf(remote)).toBe('60ms o 53ms o 385ms |')
    }),
  )

  it(
    'a handler that throws does the same',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------x-y-p', {}, values)
      const failing = (message: Message) => {
        if (nameOf(message) === 'y') throw new RangeError('mine')
        return EMPTY
      }
      const result$ = peer$.pipe(
        switchMap(peer =>
          peer.messages$.pipe(
            select,
            consume(peer, failing),
            catchError((error: unknown) => of(error)),
          ),
        ),
      )
      helpers.expectObservable(result$, '^ 499ms !').toBe('12ms e', { e: new RangeError('mine') })
      helpers.expectObservable(pongsOf(remote)).toBe('14ms o 485ms |')
    }),
  )

  it(
    'unsubscribing cancels the handlers and frees all that was held, what waited included',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------x-y-p', {}, values)
      const handler = helpers.cold('-')
      const cut$ = peer$.pipe(
        switchMap(peer =>
          peer.messages$.pipe(
            select,
            consume(peer, () => handler),
            takeUntil(timer(50, helpers.scheduler)),
          ),
        ),
      )
      helpers.expectObservable(cut$, '^ 499ms !').toBe('')
      helpers.expectSubscriptions(handler.subscriptions).toBe('----------^ 39ms !')
      helpers.expectObservable(pongsOf(remote)).toBe('50ms o 449ms |')
    }),
  )

  it(
    'after the end by the remote the handlers go on, and the last one completes the result',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------g-h-|')
      helpers
        .expectObservable(consumed(peer$, taking(helpers)), '^ 499ms !')
        .toBe('110ms g 99ms (h|)', { g: 'getaddr', h: 'sendheaders' })
      helpers.expectObservable(remote.ended$).toBe('14ms (e|)', { e: 'abort' })
    }),
  )

  it(
    'our own end is the same',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------g-h')
      const ending$ = peer$.pipe(
        map(peer => {
          helpers.scheduler.schedule(() => peer.disconnect(), 14)
          return peer
        }),
      )
      helpers
        .expectObservable(consumed(ending$, taking(helpers)), '^ 499ms !')
        .toBe('110ms g 99ms (h|)', { g: 'getaddr', h: 'sendheaders' })
    }),
  )

  it(
    'an EOF while paused is seen when the peer goes on',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------x-y-z-|', {}, values)
      helpers
        .expectObservable(consumed(peer$, taking(helpers), { select }), '^ 999ms !')
        .toBe('110ms x 99ms y 99ms (z|)')
      helpers.expectObservable(remote.ended$).toBe('210ms (e|)', { e: 'abort' })
    }),
  )
})
