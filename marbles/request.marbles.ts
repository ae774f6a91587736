import {
  catchError,
  EMPTY,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  of,
  pipe,
  startWith,
  take,
  throwError,
  timer,
} from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { stall } from '../src/behaviors/stall.js'
import { consume } from '../src/peer/consume.js'
import type { Peer } from '../src/peer/peer.js'
import { pingOnce } from '../src/requests/ping-once.js'
import { request } from '../src/requests/request.js'
import type { RequestError } from '../src/requests/request-error.js'
import type { RequestOptions } from '../src/requests/request-options.js'
import { ofCommand } from '../src/stream/of-command.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import type { Message } from '../src/wire/messages.js'
import { asking, ends, expectNothingLeft, givenUp, pong, quiet, shaken } from './asking.js'

// g is the question getaddr; o and k are pongs, of which o is the answer.
const values = { o: { command: 'pong', nonce: 7n }, k: { command: 'pong', nonce: 8n } } as const
const letters = { ...ends, g: 'getaddr', o: 7n }
const isAnswer = pipe(
  ofCommand('pong'),
  filter(({ nonce }) => nonce === 7n),
  map(({ nonce }) => nonce),
)
const ask = (options?: RequestOptions) => (peer: Peer) =>
  request(peer, { command: 'getaddr' }, isAnswer, options)

describe('request', () => {
  it(
    'asks, passes over what is no answer, emits the first that is, and is done',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-u-k-o-o`, values, ask: ask() })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('g', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('---------(od)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'takes an answer at the very call',
    marbles(helpers => {
      const replies = ({ command }: { command: string }) => (command === 'getaddr' ? [values.o] : [])
      const question = asking(helpers, { replies, ask: ask() })
      helpers.expectObservable(question.answer$, '^-----!').toBe('(od)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'asks nothing where the answer is there without a question',
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => request(peer, { command: 'getaddr' }, startWith('known')),
      })
      helpers.expectObservable(question.asked$, '^-----!').toBe('')
      helpers.expectObservable(question.answer$, '^-----!').toBe('(kd)', { ...letters, k: 'known' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails after 30 s without an answer',
    marbles(helpers => {
      const question = asking(helpers, { ask: ask() })
      helpers.expectObservable(question.answer$, '^ 30s --!').toBe('30s t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it.each([
    ['an answer in the last millisecond counts', 994, '999ms (od)'],
    ['one a millisecond later does not', 996, '1s t'],
  ])('with a timeout of 1 s %s', (_, pause, drawn) => {
    marbles(helpers => {
      const said = `${shaken} ${pause}ms -o`
      const question = asking(helpers, { said, values, ask: ask({ timeout: 1_000 }) })
      helpers.expectObservable(question.answer$, '^ 1100ms !').toBe(drawn, letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'waits no longer for what our own side holds up',
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => {
          const release = peer.hold(6_000_000)
          timer(700, helpers.scheduler).subscribe(release)
          return ask({ timeout: 1_000 })(peer)
        },
      })
      helpers.expectObservable(question.answer$, '^ 2000ms !').toBe('1s t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'is the only one to judge: stall does not close the peer for its question, however long it waits',
    marbles(helpers => {
      const question = asking(helpers, {
        options: { behaviors: { ...quiet.behaviors, stall: stall() } },
        ask: peer =>
          merge(
            request(peer, { command: 'mempool' }, isAnswer, { timeout: 100_000 }),
            peer.closed$.pipe(map(({ code }) => code)),
          ),
      })
      helpers.expectObservable(question.answer$, '^ 300s !').toBe('100s t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'waits for ever where it is told to, beyond what a timer can hold',
    marbles(
      helpers => {
        const month = 30 * 24 * 60 * 60_000
        const endless = asking(helpers, { ask: ask({ timeout: Number.POSITIVE_INFINITY }) })
        helpers.expectObservable(endless.answer$, `^ ${month}ms !`).toBe('')
        const long = asking(helpers, { ask: ask({ timeout: month }) })
        helpers.expectObservable(long.answer$, `^ ${month + 10}ms !`).toBe(`${month}ms t`, letters)
        expectNothingLeft(helpers, endless, long)
      },
      { until: 40 * 24 * 60 * 60_000 },
    ),
  )

  it.each([
    { timeout: 0 },
    { timeout: -5 },
    { timeout: Number.NaN },
    { retries: -1 },
    { retries: 0.5 },
    { retries: Number.NaN },
  ])('asks nothing with %o, and says so at the call', options => {
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => {
          expect(() => ask(options)(peer)).toThrow(TypeError)
          return EMPTY
        },
      })
      helpers.expectObservable(question.asked$, '^----!').toBe('')
      helpers.expectObservable(question.answer$, '^----!').toBe('d', letters)
      expectNothingLeft(helpers, question)
    })()
  })

  it(
    'asks again at each timeout, so often as it is told',
    marbles(helpers => {
      const question = asking(helpers, { ask: ask({ timeout: 1_000, retries: 2 }) })
      helpers.expectObservable(question.asked$, '^ 5s !').toBe('g 999ms g 999ms g', letters)
      helpers.expectObservable(question.answer$, '^ 5s !').toBe('3s t', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'takes the answer to the second question',
    marbles(helpers => {
      const said = `${shaken} 1500ms o`
      const question = asking(helpers, { said, values, ask: ask({ timeout: 1_000, retries: 2 }) })
      helpers.expectObservable(question.asked$, '^ 5s !').toBe('g 999ms g', letters)
      helpers.expectObservable(question.answer$, '^ 5s !').toBe('1504ms (od)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails with the end of the peer, and does not ask again then',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}--|`, ask: ask({ retries: 3 }) })
      helpers.expectObservable(question.asked$, '^--------!').toBe('g-----|', letters)
      helpers.expectObservable(question.answer$, '^--------!').toBe('------c', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails at once where the peer has closed before',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}--|`,
        ask: peer => timer(10, helpers.scheduler).pipe(mergeMap(() => ask()(peer))),
      })
      helpers.expectObservable(question.answer$, '^ 50ms !').toBe('10ms c', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'passes errors of the answer on, and those of a message that cannot be sent',
    marbles(helpers => {
      const broken = asking(helpers, {
        said: `${shaken}-o`,
        values,
        ask: peer =>
          request(
            peer,
            { command: 'getaddr' },
            mergeMap(() => throwError(() => new RangeError('mine'))),
          ),
      })
      helpers.expectObservable(broken.answer$, '^-------!').toBe('-----r', { r: 'RangeError' })
      const unfit = asking(helpers, { ask: peer => request(peer, { command: 'ping', nonce: -1n }, isAnswer) })
      helpers.expectObservable(unfit.answer$, '^-------!').toBe('w', { w: 'WireError' })
      expectNothingLeft(helpers, broken, unfit)
    }),
  )

  it(
    'is cold: each subscription asks, none does not',
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => {
          const request$ = ask()(peer)
          return timer(1, 2, helpers.scheduler).pipe(
            take(2),
            mergeMap(() => request$),
          )
        },
      })
      helpers.expectObservable(question.asked$, '^-----!').toBe('-g-g', letters)
      helpers.expectObservable(question.answer$, '^-----!').toBe('')
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'takes nothing away from users, since nobody knows what it picks',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-u-k-o-o`, values, ask: ask() })
      helpers
        .expectObservable(question.heard$, '^-------------!')
        .toBe('-----u-k-k-k', { u: 'unknown', k: 'pong' })
      helpers.expectObservable(question.answer$, '^-------------!').toBe('---------(od)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'leaves to other requests what is theirs alone, as long as it makes nothing of it',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-n-o`,
        values: { ...values, n: pong },
        ask: peer => merge(ask()(peer), pingOnce(peer).pipe(map(() => 'pong'))),
      })
      helpers.expectObservable(question.heard$, '^-------!').toBe('-------p', { p: 'pong' })
      helpers
        .expectObservable(question.answer$, '^-----------!')
        .toBe('-----p-(od)', { ...letters, p: 'pong' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'is answered while handlers hold more than they may',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-o`,
        values,
        ask: peer => {
          peer.hold(6_000_000)
          return ask()(peer)
        },
      })
      helpers.expectObservable(question.heard$, '^-------!').toBe('')
      helpers.expectObservable(question.answer$, '^-------!').toBe('-----(od)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  describe('from a handler that holds more than it may', () => {
    // Three are too much, and the first one asks.
    const big: Message = { command: 'unknown', name: 'big', payload: new Uint8Array(2_500_000) }
    const handling = (helpers: MarbleHelpers, said: string) =>
      asking(helpers, {
        said,
        values: { ...values, b: big },
        ask: peer => peer.on('unknown').pipe(consume(peer, () => ask({ timeout: 1_000 })(peer))),
      })

    it(
      'gets its answer, as does each one behind it',
      marbles(helpers => {
        const question = handling(helpers, `${shaken}bbb-o-o-o`)
        helpers.expectObservable(question.asked$, '^ 60s !').toBe('----g---g-g', letters)
        helpers.expectObservable(question.answer$, '^ 60s !').toBe('--------o-o-o', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'fails in time where none comes',
      marbles(helpers => {
        const question = handling(helpers, `${shaken}bbb`)
        helpers.expectObservable(question.answer$, '^ 60s !').toBe('1004ms t', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'hears of the end of the peer at once, be it broken or orderly',
      marbles(helpers => {
        const broken = handling(helpers, `${shaken}bbb-#`)
        helpers
          .expectObservable(broken.answer$, '^ 60s !')
          .toBe('--------x', { x: 'peer-closed: connection-failed' })
        const over = handling(helpers, `${shaken}bbb-|`)
        helpers.expectObservable(over.answer$, '^ 60s !').toBe('--------c', letters)
        expectNothingLeft(helpers, broken, over)
      }),
    )
  })

  it(
    'asks again from within its own answer, and is heard',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-o-o`,
        values,
        ask: peer => ask()(peer).pipe(mergeMap(first => merge(of(first), ask()(peer)))),
      })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('g----g', letters)
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-----o-(od)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'completes with an answer that completes, whatever it has made of the messages',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-k`,
        values,
        ask: peer => request(peer, { command: 'getaddr' }, pipe(take(1), ignoreElements())),
      })
      helpers.expectObservable(question.answer$, '^-------!').toBe('-----d', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'tells the answer of the end of the peer, which may make something of it',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}--|`,
        ask: peer =>
          request(
            peer,
            { command: 'getaddr' },
            catchError((error: RequestError) => of(`caught ${error.code}`)),
          ),
      })
      helpers
        .expectObservable(question.answer$, '^--------!')
        .toBe('------(xd)', { ...letters, x: 'caught peer-closed' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'ends when it is aborted, and leaves the signal alone afterwards',
    marbles(helpers => {
      const abort = new AbortController()
      const listening = vi.spyOn(abort.signal, 'removeEventListener')
      helpers.scheduler.schedule(() => abort.abort(new Error('enough')), 7)
      const question = asking(helpers, { values, ask: ask({ signal: abort.signal }) })
      helpers.expectObservable(question.asked$, '^-----------!').toBe('g', letters)
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-------a', letters)
      const answered = asking(helpers, { said: `${shaken}-o`, values, ask: ask({ signal: abort.signal }) })
      helpers.expectObservable(answered.answer$, '^-----------!').toBe('-----(od)', letters)
      const after = asking(helpers, {
        ask: peer => timer(9, helpers.scheduler).pipe(mergeMap(() => ask({ signal: abort.signal })(peer))),
      })
      helpers.expectObservable(after.asked$, '^-----------!').toBe('')
      helpers.expectObservable(after.answer$, '^-----------!').toBe('---------a', letters)
      expectNothingLeft(helpers, question, answered, after)
      expect(listening).toHaveBeenCalledTimes(2)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { said: `${shaken}----o`, values, ask: ask({ retries: 2 }) }, 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
      helpers.flush()
    }),
  )
})
