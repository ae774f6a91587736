import { EMPTY, filter, map, merge, mergeMap, pipe, startWith, take, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { stall } from '../src/behaviors/stall.js'
import type { Peer } from '../src/peer/peer.js'
import { request } from '../src/requests/request.js'
import type { RequestOptions } from '../src/requests/request-options.js'
import { ofCommand } from '../src/stream/of-command.js'
import { marbles } from '../src/testing/marbles.js'
import { asking, ends, expectNothingLeft, givenUp, quiet, shaken } from './asking.js'

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
    'waits no shorter for what our own side held up',
    marbles(helpers => {
      const question = asking(helpers, {
        ask: peer => {
          const release = peer.hold(6_000_000)
          timer(700, helpers.scheduler).subscribe(release)
          return ask({ timeout: 1_000 })(peer)
        },
      })
      helpers.expectObservable(question.answer$, '^ 2000ms !').toBe('1700ms t', letters)
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
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { said: `${shaken}----o`, values, ask: ask({ retries: 2 }) }, 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
      helpers.flush()
    }),
  )
})
