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
  share,
  switchMap,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs'
import { describe, it } from 'vitest'
import { type ConsumeOptions, consume } from '../src/peer/consume.js'
import type { Peer } from '../src/peer/peer.js'
import { pingOnce } from '../src/requests/ping-once.js'
import { TransportError } from '../src/stream/connection.js'
import { ofCommand } from '../src/stream/of-command.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import type { ScriptedRemote } from '../src/testing/scripted-remote.js'
import type { Message, MessageOf } from '../src/wire/messages.js'
import { cast, inbound, outbound } from './cast.js'

// The handshake is over at 0 ms: `(va)` takes 4 ms, so `(va)------x` says x at 10 ms. Every handler takes 100 ms unless
// said otherwise. Of what the remote says, x has half of the bytes that may be held, y has one more, and z a few.
// Whether more is held shows in an inv (i) that others listen for: it waits. A ping (p) is answered (o) when it comes.
const MARK = 5_000_000
/** What holding such a message takes beside its payload: who holds it, its objects, its buffer and its header. */
const BESIDE = 300 + 200 + 100 + 24

/** A message that takes so many bytes while it is held. */
function sized(name: string, bytes: number): Message {
  return { command: 'unknown', name, payload: new Uint8Array(bytes - BESIDE) }
}

const values = { x: sized('x', MARK / 2), y: sized('y', MARK / 2 + 1), z: sized('z', 1_000) }
const select = ofCommand('unknown')

function pongsOf({ sent$ }: ScriptedRemote): Observable<'o'> {
  return sent$.pipe(
    filter(({ command }) => command === 'pong'),
    map(() => 'o' as const),
  )
}

/** The inv, when users other than the consumer get it. */
const othersOf = (peer$: Observable<Peer>): Observable<'i'> =>
  peer$.pipe(
    catchError(() => EMPTY),
    switchMap(peer => peer.on('inv')),
    map(() => 'i' as const),
  )

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
      const { peer$ } = outbound(helpers, '(va)------x-y-i', {}, values)
      const shared$ = peer$.pipe(share())
      helpers
        .expectObservable(
          merge(
            consumed(shared$, () => NEVER, { select: ofCommand('getaddr') }),
            othersOf(shared$),
          ),
          '^ 499ms !',
        )
        .toBe('--------------i')
    }),
  )

  /** What is consumed, what others get, and what is answered. */
  const together = (
    helpers: MarbleHelpers,
    said: string,
    project: (message: Message) => Observable<string>,
    options: Consuming & { readonly values?: Record<string, Message> } = {},
  ) => {
    const { remote, peer$ } = outbound(helpers, said, {}, { ...values, ...options.values })
    const shared$ = peer$.pipe(share())
    return merge(consumed(shared$, project, { select, ...options }), othersOf(shared$), pongsOf(remote))
  }

  it(
    'at 5,000,000 bytes nobody waits, above them users do; pings are answered',
    marbles(helpers => {
      const never = () => NEVER
      helpers
        .expectObservable(together(helpers, '(va)------x-x-i-p', never), '^ 499ms !')
        .toBe('--------------i-o')
      helpers
        .expectObservable(together(helpers, '(va)------x-y-i-p', never), '^ 499ms !')
        .toBe('----------------o')
    }),
  )

  it(
    'users go on when half of that is held, and not before',
    marbles(helpers => {
      // y is done first and leaves x, which is half; x is done first and leaves y, which is a byte more.
      helpers
        .expectObservable(together(helpers, '(va)------y-x-i', taking(helpers)), '^ 499ms !')
        .toBe('110ms (yi) 96ms x')
      helpers
        .expectObservable(together(helpers, '(va)------x-y-i', taking(helpers)), '^ 499ms !')
        .toBe('110ms x 99ms (yi)')
    }),
  )

  it(
    'every message counts what holding it takes, the smallest too',
    marbles(helpers => {
      const consuming = (bytes: number) =>
        together(helpers, '(va)------x-w-z-i', () => NEVER, { values: { w: sized('w', bytes) } })
      helpers.expectObservable(consuming(MARK / 2 - 1_000), '^ 499ms !').toBe('----------------i')
      helpers.expectObservable(consuming(MARK / 2 - 999), '^ 499ms !').toBe('')
    }),
  )

  it(
    'counts what it is told, for values that are not the message in hand',
    marbles(helpers => {
      // Two of x wait for z and come together with it.
      const consuming = (bytes?: (message: MessageOf<'unknown'>) => number) => {
        const { peer$ } = outbound(helpers, '(va)------x-x-z-i', {}, values)
        const shared$ = peer$.pipe(share())
        const together$ = shared$.pipe(
          switchMap(peer =>
            peer.on('unknown').pipe(
              bufferCount(3),
              mergeMap(waited => waited),
              consume(peer, () => NEVER, { bytes }),
            ),
          ),
        )
        return merge(together$, othersOf(shared$))
      }
      helpers.expectObservable(consuming(), '^ 499ms !').toBe('----------------i')
      helpers
        .expectObservable(
          consuming(({ payload }) => payload.length + BESIDE),
          '^ 499ms !',
        )
        .toBe('')
    }),
  )

  it(
    'what waited is handled in order',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '(va)------x-y-z-(zx)', {}, values)
      helpers
        .expectObservable(consumed(peer$, taking(helpers), { select }), '^ 999ms !')
        .toBe('110ms x 99ms y 99ms z 99ms z 99ms x')
    }),
  )

  it(
    'a handler that asks the same peer gets its answer, however much is held',
    marbles(helpers => {
      const o: Message = { command: 'pong', nonce: 0x0101_0101_0101_0101n }
      const { peer$ } = outbound(helpers, '(va)------x-y-z-----o', {}, { ...values, o })
      const asked$ = peer$.pipe(
        switchMap(peer =>
          peer.messages$.pipe(
            select,
            consume(peer, () => pingOnce(peer)),
          ),
        ),
      )
      helpers.expectObservable(asked$, '^ 499ms !').toBe('20ms m', { m: 10 })
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

  /** The result of a consumer, its error as a value, and what others get meanwhile. */
  const surviving = (
    helpers: MarbleHelpers,
    said: string,
    consumer: (peer: Peer) => OperatorFunction<Message, unknown>,
  ) => {
    const { peer$ } = outbound(helpers, said, {}, values)
    return peer$.pipe(
      switchMap(peer =>
        merge(
          peer.messages$.pipe(
            select,
            consumer(peer),
            catchError((error: unknown) => of(error)),
          ),
          peer.on('inv').pipe(map(() => 'i')),
          peer.closed$,
        ),
      ),
    )
  }

  it(
    'the error of a handler errors the result, frees what was held and leaves the peer alive',
    marbles(helpers => {
      const failing = () => timer(50, helpers.scheduler).pipe(switchMap(() => throwError(() => 'mine')))
      helpers
        .expectObservable(
          surviving(helpers, '(va)------x-y-i 99ms i', peer => consume(peer, failing)),
          '^ 499ms !',
        )
        .toBe('60ms (ie) 50ms i', { e: 'mine', i: 'i' })
    }),
  )

  it(
    'a handler that throws does the same',
    marbles(helpers => {
      const failing = (message: Message) => {
        if (nameOf(message) === 'y') throw new RangeError('mine')
        return EMPTY
      }
      helpers
        .expectObservable(
          surviving(helpers, '(va)------x-y-i', peer => consume(peer, failing)),
          '^ 499ms !',
        )
        .toBe('12ms e-i', { e: new RangeError('mine'), i: 'i' })
    }),
  )

  it(
    'unsubscribing cancels the handlers and frees all that was held, what waited included',
    marbles(helpers => {
      const handler = helpers.cold('-')
      const cut =
        (peer: Peer): OperatorFunction<Message, unknown> =>
        source =>
          source.pipe(
            consume(peer, () => handler),
            takeUntil(timer(50, helpers.scheduler)),
          )
      helpers.expectObservable(surviving(helpers, '(va)------x-y-i', cut), '^ 499ms !').toBe('50ms i')
      helpers.expectSubscriptions(handler.subscriptions).toBe('----------^ 39ms !')
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
    'an EOF reaches users behind what waits; the connection is over before',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '(va)------x-y-z-|', {}, values)
      const shared$ = peer$.pipe(share())
      helpers
        .expectObservable(consumed(shared$, taking(helpers), { select }), '^ 999ms !')
        .toBe('110ms x 99ms y 99ms (z|)')
      helpers
        .expectObservable(
          shared$.pipe(
            switchMap(peer => peer.closed$),
            map(({ code }) => code),
            catchError(() => EMPTY),
          ),
          '^ 999ms !',
        )
        .toBe('210ms (c|)', { c: 'remote-closed' })
      helpers.expectObservable(remote.ended$).toBe('16ms (e|)', { e: 'abort' })
    }),
  )

  it(
    'a reset drops what waits; handlers go on, and the last one completes the result',
    marbles(helpers => {
      const said$ = helpers.hot<Message>(
        '(va)------x-y-z-#',
        { ...cast, ...values },
        new TransportError('connection-reset'),
      )
      const { peer$ } = outbound(helpers, said$)
      helpers
        .expectObservable(consumed(peer$, taking(helpers), { select }), '^ 999ms !')
        .toBe('110ms x 99ms (y|)')
    }),
  )
})
