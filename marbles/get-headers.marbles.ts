import {
  concat,
  filter,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Peer } from '../src/peer/peer.js'
import { type GetHeadersOptions, getHeaders } from '../src/requests/get-headers.js'
import { marbles } from '../src/testing/marbles.js'
import { versionMessage } from '../src/testing/messages.js'
import type { Hash } from '../src/wire/hash.js'
import type { List } from '../src/wire/list.js'
import type { Message } from '../src/wire/messages.js'
import {
  asking,
  ends,
  expectNothingLeft,
  givenUp,
  hashAt,
  headersMessage,
  hearing,
  heightOf,
  nothing,
  pong,
  pongs,
  shaken,
} from './asking.js'

// x: behind block 3, y: behind block 7, g: behind the first block, e: none.
const values: Record<string, Message> = {
  x: headersMessage(4, 6),
  y: headersMessage(8, 9),
  g: headersMessage(1, 3),
  e: { command: 'headers', headers: [] },
}
const letters = {
  ...ends,
  k: 'getheaders 3',
  q: 'getheaders 3 2',
  x: '4 5 6',
  g: '1 2 3',
  e: '',
  o: 'getheaders',
  y: '8 9',
  p: 'ping',
}
const ask =
  (locator: List<Hash> = [hashAt(3), hashAt(2)], options?: GetHeadersOptions) =>
  (peer: Peer) =>
    getHeaders(peer, locator, options).pipe(
      map(headers => Array.from(headers, ({ hash }) => heightOf(hash)).join(' ')),
    )

describe('getHeaders', () => {
  it(
    'takes the headers behind the locator, not those that were announced meanwhile',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}-y-x`, values, ask: ask() })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('q----p', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-------(xd)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'knows by a pong that the remote has answered, and that it was with headers that connect to nothing',
    marbles(helpers => {
      const pongs = (late: number) => (message: Message) =>
        message.command === 'ping' ? [{ command: 'pong', nonce: message.nonce + BigInt(late) } as const] : []
      const lied = asking(helpers, { said: `${shaken}-y-x`, values, replies: pongs(0), ask: ask() })
      helpers.expectObservable(lied.asked$, '^-------------!').toBe('q----p', letters)
      helpers.expectObservable(lied.answer$, '^-------------!').toBe('-----v', letters)
      // Somebody else's pong says nothing.
      const other = asking(helpers, { said: `${shaken}-y-x`, values, replies: pongs(1), ask: ask() })
      helpers.expectObservable(other.answer$, '^-------------!').toBe('-------(xd)', letters)
      expectNothingLeft(helpers, lied, other)
    }),
  )

  it(
    'pings once for all of them, anew with each retry, and no remote that has no pong',
    marbles(helpers => {
      const twice = asking(helpers, {
        said: `${shaken}-y-y 1s y`,
        values,
        ask: ask(undefined, { timeout: 1_000, retries: 1 }),
      })
      helpers.expectObservable(twice.asked$, '^ 1500ms !').toBe('q----p 994ms q-------p', letters)
      helpers.expectObservable(twice.answer$, '^ 1500ms !').toBe('')
      const old = asking(helpers, {
        said: `${shaken}-y-x`,
        values: { ...values, v: versionMessage({ protocolVersion: 60_000 }) },
        ask: ask(),
      })
      helpers.expectObservable(old.asked$, '^-------------!').toBe('q', letters)
      helpers.expectObservable(old.answer$, '^-------------!').toBe('-------(xd)', letters)
      expectNothingLeft(helpers, twice, old)
    }),
  )

  describe('beside another question, whose answer could be taken for its own,', () => {
    // e answers the first question, which asks at the node's tip, x the second.
    const { e, x } = values
    const late: typeof values = { ...values, n: pong }
    const tip = (peer: Peer) => getHeaders(peer, [hashAt(3)])
    /** Asks for something else, then what the diagram is about. */
    const behind = (first: (peer: Peer) => Observable<unknown>) => (peer: Peer) => {
      first(peer).subscribe({ error: () => {} })
      return ask()(peer)
    }
    /** A node that answers in order, each question with the next of these. */
    const answering = (...answers: readonly (Message | undefined)[]) => {
      const left = [...answers]
      return (message: Message): readonly Message[] => {
        if (message.command !== 'getheaders') return pongs(message)
        const answer = left.shift()
        return answer === undefined ? [] : [answer]
      }
    }

    it(
      'pings before it asks, and takes what comes behind the pong',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken}-e--n-x`,
          values: late,
          ask: behind(tip),
        })
        helpers.expectObservable(question.asked$, '^-------------!').toBe('(kpq)', letters)
        helpers.expectObservable(question.answer$, '^-------------!').toBe('----------(xd)', letters)
        helpers.flush()
      }),
    )

    it.each<[string, (peer: Peer) => Observable<unknown>]>([
      ['is open', tip],
      ['was given up', peer => merge(tip(peer), of(0)).pipe(take(1))],
      ['asks for the same', peer => ask()(peer)],
    ])('gets its own answer where that one %s', (_, first) => {
      marbles(helpers => {
        const question = asking(helpers, { said: `${shaken}-e--n-x`, values: late, ask: behind(first) })
        helpers.expectObservable(question.answer$, '^-------------!').toBe('----------(xd)', letters)
        helpers.flush()
      })()
    })

    it(
      'keeps its answer from one that the remote passed over',
      marbles(helpers => {
        const log: unknown[] = []
        const question = asking(helpers, {
          replies: answering(undefined, x),
          ask: behind(peer =>
            tip(peer).pipe(tap({ next: () => log.push('taken'), error: ({ code }) => log.push(code) })),
          ),
        })
        helpers.expectObservable(question.answer$, '^-------------!').toBe('(xd)', letters)
        helpers.flush()
        // It would fit, but that one is known by then to come no more.
        expect(log).toEqual(['unanswered'])
      }),
    )

    it(
      'takes the late answer to its own first attempt',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken} 1500ms x`,
          values,
          ask: ask(undefined, { timeout: 1_000, retries: 1 }),
        })
        helpers.expectObservable(question.asked$, '^ 3s !').toBe('q 999ms q', letters)
        helpers.expectObservable(question.answer$, '^ 3s !').toBe('1504ms (xd)', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'waits for the pong through a retry',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken} 1500ms e-n-x`,
          values: late,
          ask: peer => {
            tip(peer).subscribe({ error: () => {} })
            return ask(undefined, { timeout: 1_000, retries: 1 })(peer)
          },
        })
        helpers.expectObservable(question.asked$, '^ 3s !').toBe('(kpq) 995ms q', letters)
        helpers.expectObservable(question.answer$, '^ 3s !').toBe('1508ms (xd)', letters)
        helpers.flush()
      }),
    )

    it(
      'takes its place behind one that was asked meanwhile, when it asks again',
      marbles(helpers => {
        // First for both: nobody has been passed over by the pong to the second one's ping.
        const question = asking(helpers, {
          said: `${shaken} 1496ms n-e-n-x`,
          values: late,
          ask: peer =>
            merge(
              ask(undefined, { timeout: 1_000, retries: 1 })(peer),
              tip(peer).pipe(map(headers => `tip ${headers.length}`)),
            ),
        })
        helpers.expectObservable(question.asked$, '^ 3s !').toBe('(qpk) 995ms (pq)', letters)
        helpers
          .expectObservable(question.answer$, '^ 3s !')
          .toBe('1502ms t---(xd)', { ...letters, t: 'tip 0' })
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'takes the pong to a later ping for those to the earlier ones too',
      marbles(helpers => {
        let dice = 0
        const random = {
          bytes: (size: number) => {
            dice += 1
            return new Uint8Array(size).fill(dice)
          },
        }
        const nth = (count: number): Message => ({
          command: 'pong',
          nonce: BigInt(`0x${`0${count}`.repeat(8)}`),
        })
        const codes: string[] = []
        const question = asking(helpers, {
          said: `${shaken}-n-m-x`,
          // The first die is that of our version message.
          values: { ...late, n: nth(3), m: nth(2) },
          options: { random },
          ask: peer => {
            for (const first of [tip, tip]) first(peer).subscribe({ error: ({ code }) => codes.push(code) })
            return ask()(peer)
          },
        })
        helpers.expectObservable(question.asked$, '^-------------!').toBe('(kpkpq)', letters)
        // By the time the second comes nobody waits for it.
        helpers.expectObservable(question.heard$, '^-------------!').toBe('-------m-x', {
          m: 'pong',
          x: 'headers 4 5 6',
        })
        helpers.expectObservable(question.answer$, '^-------------!').toBe('---------(xd)', letters)
        expectNothingLeft(helpers, question)
        expect(codes).toEqual(['unanswered', 'unanswered'])
      }),
    )

    it.each([
      [
        'was asked twice and answered once',
        { timeout: 1_000, retries: 1 },
        `${shaken} 1500ms e`,
        '1504ms (pq)',
      ],
      ['was answered by what may be an announcement', {}, `${shaken}-z`, '-----(pq)'],
    ])('pings where the one before %s', (_, options, said, drawn) => {
      marbles(helpers => {
        const question = asking(helpers, {
          said,
          values: { ...values, z: headersMessage(4, 11) },
          ask: peer => concat(getHeaders(peer, [hashAt(3)], options).pipe(ignoreElements()), ask()(peer)),
        })
        const asked$ = question.asked$.pipe(filter(asked => asked !== letters.k))
        helpers.expectObservable(asked$, '^ 3s !').toBe(drawn, letters)
        helpers.expectObservable(question.answer$, '^ 3s !').toBe('')
        expectNothingLeft(helpers, question)
      })()
    })

    it(
      'asks without a ping where the one before has its answer, and where the remote has no pong',
      marbles(helpers => {
        const after = asking(helpers, {
          replies: answering(e, x),
          ask: peer => concat(tip(peer).pipe(ignoreElements()), ask()(peer)),
        })
        helpers.expectObservable(after.asked$, '^-------------!').toBe('(kq)', letters)
        helpers.expectObservable(after.answer$, '^-------------!').toBe('(xd)', letters)
        const old = asking(helpers, {
          said: `${shaken}-x`,
          values: { ...values, v: versionMessage({ protocolVersion: 60_000 }) },
          ask: behind(tip),
        })
        helpers.expectObservable(old.asked$, '^-------------!').toBe('(kq)', letters)
        helpers.expectObservable(old.answer$, '^-------------!').toBe('-----(xd)', letters)
        helpers.flush()
      }),
    )
  })

  describe('what users hear of it', () => {
    // A: eight headers that connect, N: nine.
    const connecting: typeof values = { ...values, A: headersMessage(4, 11), N: headersMessage(4, 12) }
    const heard = { e: 'headers', x: 'headers 4 5 6', y: 'headers 8 9', A: 'headers 4 5 6 7 8 9 10 11' }

    it.each([
      ['nothing of none', 'e', ''],
      ['nothing of nine, which no announcement has', 'N', ''],
      ['one to eight that connect, which may be an announcement', 'A', '-----A'],
    ])('is %s', (_, letter, drawn) => {
      marbles(helpers => {
        const question = asking(helpers, { said: `${shaken}-${letter}`, values: connecting, ask: ask() })
        helpers.expectObservable(question.heard$, '^-------------!').toBe(drawn, heard)
        const done$ = question.answer$.pipe(filter(answer => answer === ends.d))
        helpers.expectObservable(done$, '^-------------!').toBe('-----d', ends)
        expectNothingLeft(helpers, question)
      })()
    })

    it(
      'is all that is not the answer',
      marbles(helpers => {
        const question = asking(helpers, { said: `${shaken}-y-e-e-N`, values: connecting, ask: ask() })
        helpers.expectObservable(question.heard$, '^-------------!').toBe('-----y---e-N', {
          ...heard,
          N: 'headers 4 5 6 7 8 9 10 11 12',
        })
        helpers.expectObservable(question.answer$, '^-------------!').toBe('-------(ed)', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'is no pong to a ping of its own, also when nobody waits for it any more',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken}-y-e-o-o`,
          values: { ...values, o: pong },
          ask: ask(),
        })
        helpers.expectObservable(question.asked$, '^-------------!').toBe('q----p', letters)
        helpers
          .expectObservable(question.heard$, '^-------------!')
          .toBe('-----y-----o', { ...heard, o: 'pong' })
        helpers.expectObservable(question.answer$, '^-------------!').toBe('-------(ed)', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'is not the late answer to a question that was given up, as often as that was asked',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken} 1500ms e-N-e-N`,
          values: connecting,
          ask: peer => {
            const given = getHeaders(peer, [hashAt(3)], { timeout: 1_000, retries: 1 })
            return given.pipe(takeUntil(timer(1_200, helpers.scheduler)))
          },
        })
        helpers.expectObservable(question.asked$, '^ 2s !').toBe('k 999ms k', letters)
        helpers.expectObservable(question.heard$, '^ 2s !').toBe('1508ms e-N', {
          ...heard,
          N: 'headers 4 5 6 7 8 9 10 11 12',
        })
        helpers.expectObservable(question.answer$, '^ 2s !').toBe('1200ms d', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'is the answer to what the user sends, whatever was asked and answered before',
      marbles(helpers => {
        const question = asking(helpers, {
          said: `${shaken}-x---x-e`,
          values,
          ask: peer => {
            helpers.scheduler.schedule(() => {
              peer.send({ command: 'getheaders', version: 70_016, locator: [hashAt(3)], stop: hashAt(6) })
            }, 7)
            return ask()(peer)
          },
        })
        helpers.expectObservable(question.asked$, '^-------------!').toBe('q------k', letters)
        helpers.expectObservable(question.heard$, '^-------------!').toBe('-----x---x-e', heard)
        helpers.expectObservable(question.answer$, '^-------------!').toBe('-----(xd)', letters)
        expectNothingLeft(helpers, question)
      }),
    )

    it(
      'is the same few headers once, however often they are asked for',
      marbles(helpers => {
        const question = asking(helpers, {
          replies: message => (message.command === 'getheaders' ? [values['x'] ?? pong] : pongs(message)),
          ask: peer => concat(ask()(peer), ask()(peer), ask()(peer)),
        })
        helpers.expectObservable(question.asked$, '^-------------!').toBe('(qpqpq)', letters)
        helpers.expectObservable(question.heard$, '^-------------!').toBe('x', heard)
        helpers.expectObservable(question.answer$, '^-------------!').toBe('(xxxd)', letters)
        expectNothingLeft(helpers, question)
      }),
    )
  })

  it(
    'is answered while handlers hold more than they may',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}-y-e`,
        values,
        ask: peer => {
          peer.hold(6_000_000)
          return ask()(peer)
        },
      })
      helpers.expectObservable(question.heard$, '^-------------!').toBe('')
      helpers.expectObservable(question.answer$, '^-------------!').toBe('-------(ed)', letters)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'takes none for an answer, and those behind the first block, where a node begins that knows no entry',
    marbles(helpers => {
      const none = asking(helpers, { said: `${shaken}e`, values, ask: ask() })
      helpers.expectObservable(none.answer$, '^-------------!').toBe('----(ed)', letters)
      const first = asking(helpers, { said: `${shaken}g`, values, ask: ask() })
      helpers.expectObservable(first.answer$, '^-------------!').toBe('----(gd)', letters)
      expectNothingLeft(helpers, none, first)
    }),
  )

  it(
    'asks for one header by an empty locator',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken}x-y`,
        values: { ...values, y: headersMessage(8, 8) },
        ask: ask([], { stop: hashAt(8) }),
      })
      helpers.expectObservable(question.asked$, '^-------------!').toBe('o---p', letters)
      helpers.expectObservable(question.answer$, '^-------------!').toBe('------(yd)', { ...letters, y: '8' })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails after 90 s, asks again where it is told to, and fails with the peer',
    marbles(helpers => {
      const silent = asking(helpers, { said: `${shaken}-y`, values, ask: ask() })
      helpers.expectObservable(silent.answer$, '^ 200s !').toBe('90s t', letters)
      const again = asking(helpers, { ask: ask(undefined, { timeout: 1_000, retries: 1 }) })
      helpers.expectObservable(again.asked$, '^ 200s !').toBe('q 999ms q', letters)
      helpers.expectObservable(again.answer$, '^ 200s !').toBe('2s t', letters)
      const gone = asking(helpers, { said: `${shaken}-|`, ask: ask() })
      helpers.expectObservable(gone.answer$, '^ 200s !').toBe('-----c', letters)
      expectNothingLeft(helpers, silent, again, gone)
    }),
  )

  it(
    'leaves nothing behind when it is given up but what keeps its answer from users, until that comes',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask: ask() }, 5)
      const hears = '1 questions, 0 subscriptions, 0 timers'
      helpers.expectObservable(left$, '^ 200s !').toBe('----l-z', { l: hearing, z: hears })
      const { answer$, left } = asking(helpers, {
        said: `${shaken}---e`,
        values,
        ask: peer => ask()(peer).pipe(takeUntil(timer(5, helpers.scheduler))),
      })
      helpers.expectObservable(answer$, '^ 200s !').toBe('-----d', letters)
      const looks$ = merge(timer(6, helpers.scheduler), timer(8, helpers.scheduler)).pipe(map(left))
      helpers.expectObservable(looks$).toBe('------h-(z|)', { h: hears, z: nothing })
    }),
  )
})
