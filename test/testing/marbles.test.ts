import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import * as rxjs from 'rxjs'
import { concat, ignoreElements, map, merge, of, switchMap, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import * as rxpeer from '../../src/index.js'
import { buildTransaction } from '../../src/testing/build.js'
import { failure } from '../../src/testing/failure.js'
import * as testing from '../../src/testing/index.js'
import { type MarbleHelpers, marbles } from '../../src/testing/marbles.js'
import { invMessage, pingMessage, txMessage, versionMessage } from '../../src/testing/messages.js'
import { render } from '../../src/testing/render.js'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.js'

/** What a test in diagrams throws; `undefined` where it passes. */
function thrownBy(test: (helpers: MarbleHelpers) => void): Error | undefined {
  try {
    marbles(test)()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** The message of what a test in diagrams throws; the empty string where it passes. */
function failureOf(test: (helpers: MarbleHelpers) => void): string {
  return thrownBy(test)?.message ?? ''
}

/** The sentence in which a failure ends. */
function wordsOf(test: (helpers: MarbleHelpers) => void): string {
  return failureOf(test).split('\n').at(-1)?.trim() ?? ''
}

describe('marbles', () => {
  it('a pipeline that is 1 ms late, or early, says so', () => {
    const failing = (due: number) =>
      failureOf(({ expectObservable }) => {
        const seen$ = merge(of('start'), timer(due).pipe(map(() => 12n)))
        expectObservable(seen$).toBe('s 29999ms (b|)', { s: 'start', b: 12n })
      })
    expect(failing(30_000)).toBe('')
    expect(failing(30_001)).toBe(`the diagram 's 29999ms (b|)' does not fit
  expected
           0 ms  "start"
  >    30000 ms  12n
       30000 ms  complete
  seen
           0 ms  "start"
  >    30001 ms  12n
       30001 ms  complete
  the marked event is 1 ms late`)
    expect(failing(29_999)).toContain('the marked event is 1 ms early')
  })

  it.each([
    ['--a', '---', 'nothing came at 2 ms'],
    ['a--b', 'a---', 'nothing came at 3 ms'],
    ['-(ab)', '-a--', 'nothing more came at 1 ms'],
    ['-a', '-ab', 'nothing was expected at 2 ms'],
    ['-a', '-(ab)', 'nothing more was expected at 1 ms'],
    ['-abcd', '-a-cd', 'the event expected at 2 ms is missing'],
    ['-(abc)', '-(ac)', 'the event expected at 1 ms is missing'],
    ['-abcd', '-a-ce', 'the event expected at 2 ms is missing'],
    ['-a--b|', '-a---|', 'the event expected at 4 ms is missing'],
    ['-a-c', '-abc', 'the event seen at 2 ms was not expected'],
    ['-(ac)', '-(abc)', 'the event seen at 1 ms was not expected'],
    ['-a-c|', '-ab-|', 'the event seen at 2 ms was not expected'],
    ['-(ab)', '-(ba)', 'the marked events come in another order'],
    ['-a', '-b', 'something else was expected at 1 ms'],
    ['-|', '-#', 'something else was expected at 1 ms'],
    ['-a-c', '--ac', 'the marked event is 1 ms late'],
    ['--ac', '-a-c', 'the marked event is 1 ms early'],
    ['-tttt', '--tttt', 'the marked event is 1 ms late'],
    ['-tttt', '--ttt', 'the event expected at 1 ms is missing'],
    ['-t--t--t', '--t--t', 'the marked event is 1 ms late'],
  ])('%s, of which %s was seen: %s', (drawn, seen, words) => {
    expect(wordsOf(({ cold, expectObservable }) => expectObservable(cold(seen)).toBe(drawn))).toBe(words)
  })

  it.each([
    ['^--!', '-^--!', 'the marked subscription begins 1 ms late'],
    ['-^-!', '^--!', 'the marked subscription begins 1 ms early'],
    ['^--!', '^---!', 'the marked subscription ends 1 ms late'],
    ['^--!', '^', 'the marked subscription never ends'],
    ['^', '^--!', 'the marked subscription should never end'],
  ])('the subscription %s, seen as %s: %s', (drawn, seen, words) => {
    expect(
      wordsOf(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-----')
        expectObservable(source, seen).toBe('')
        expectSubscriptions(source.subscriptions).toBe(drawn)
      }),
    ).toBe(words)
  })

  it('a subscription is missing, or was not expected', () => {
    const words = (drawn: string[]) =>
      wordsOf(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-----')
        for (const seen of ['^-!', '--^!']) expectObservable(source, seen).toBe('')
        expectSubscriptions(source.subscriptions).toBe(drawn)
      })
    const known = ['^-!', '--^!']
    expect(words(known)).toBe('')
    expect(words([...known, '---^!'])).toBe(
      'a subscription is missing: subscribed at 3 ms, unsubscribed at 4 ms',
    )
    expect(words(['^!', ...known])).toBe(
      'a subscription is missing: subscribed at 0 ms, unsubscribed at 1 ms',
    )
    for (const only of known) {
      expect(words([only])).toContain('a subscription was not expected: subscribed at ')
    }
  })

  it('shows nothing as such', () => {
    const nothing = failureOf(({ cold, expectObservable }) => expectObservable(cold('---')).toBe('--a'))
    expect(nothing).toContain('  seen\n    (nothing)\n')
  })

  it('an async test fails, whatever kind of promise it returns', () => {
    const words = 'the test is async: what it expects after an await would never be compared'
    const late = async ({ cold, expectObservable }: MarbleHelpers) => {
      await Promise.resolve()
      expectObservable(cold('a')).toBe('b')
    }
    expect(failureOf(late)).toBe(words)
    const thenable = (then: unknown) => () => Object.fromEntries([['then', then]])
    expect(failureOf(thenable(() => {}))).toBe(words)
    expect(failureOf(thenable(1))).toBe('')
  })

  describe('the stack of a failure', () => {
    type Part = Pick<MarbleHelpers, 'cold' | 'expectObservable' | 'expectSubscriptions'>
    const calls: Readonly<Record<string, (helpers: Part) => void>> = {
      toBe({ cold, expectObservable }) {
        const expectation = expectObservable(cold('a'))
        const called = () => expectation.toBe('b')
        called()
      },
      toEqual({ cold, expectObservable }) {
        const expectation = expectObservable(cold('a'))
        const called = () => expectation.toEqual(cold('b'))
        called()
      },
      'toBe of subscriptions'({ cold, expectSubscriptions }) {
        const expectation = expectSubscriptions(cold('a').subscriptions)
        const called = () => expectation.toBe('^!')
        called()
      },
      'expectObservable without toBe'({ cold, expectObservable }) {
        const called = () => expectObservable(cold('a'))
        called()
      },
      'expectSubscriptions without toBe'({ cold, expectSubscriptions }) {
        const called = () => expectSubscriptions(cold('a').subscriptions)
        called()
      },
    }
    it.each(Object.entries(calls))('begins where the test calls %s', (_name, test) => {
      const { message, stack = '' } = thrownBy(test)!
      expect(stack.startsWith(`Error: ${message}\n`)).toBe(true)
      expect(stack.slice(message.length).split('\n')[1]).toMatch(
        /^ +at called \(.*marbles\.test\.ts:\d+:\d+\)$/,
      )
    })
  })

  it('names the diagram that fails, not the first of the test', () => {
    const failure = failureOf(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const source = cold('a|')
      expectObservable(source).toBe('a|')
      flush()
      expectObservable(source).toEqual(source)
      expectSubscriptions(source.subscriptions).toBe(['^!', '^!', '^-!'])
    })
    expect(failure).toContain("the diagram '^!', '^!', '^-!' does not fit")
    expect(failure).toContain('subscribed at ')
  })

  it('tells by its number which of several diagrams of a kind fails', () => {
    const failing = (count: number, wrong: number) =>
      failureOf(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('a')
        for (let i = 1; i <= count; i += 1) expectObservable(source).toBe(i === wrong ? '-' : 'a')
        expectSubscriptions(source.subscriptions).toBe(Array.from({ length: count }, () => '^'))
      })
    expect(failing(3, 4)).toBe('')
    expect(failing(3, 2)).toContain("the diagram '-' (expectObservable no. 2) does not fit\n")
    expect(failing(1, 1)).toContain("the diagram '-' does not fit\n")
  })

  it('a diagram without toBe fails, whichever of them it is', () => {
    const silent = (which: number) =>
      failureOf(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('a|')
        for (const i of [0, 1, 2]) {
          const expectation = expectObservable(source)
          if (i !== which) expectation.toBe('a|')
        }
        const subscriptions = expectSubscriptions(source.subscriptions)
        if (which !== 3) subscriptions.toBe(['^!', '^!', '^!'])
      })
    expect(silent(4)).toBe('')
    expect(silent(0)).toBe('a diagram without .toBe asserts nothing: expectObservable no. 1')
    expect(silent(2)).toBe('a diagram without .toBe asserts nothing: expectObservable no. 3')
    expect(silent(3)).toBe('a diagram without .toBe asserts nothing: expectSubscriptions no. 1')
  })

  it('one that is not said after another was is still noticed', () => {
    const failure = failureOf(({ cold, expectObservable }) => {
      const first = expectObservable(cold('a'))
      const second = expectObservable(cold('b'))
      first.toBe('a')
      expectObservable(cold('c'))
      second.toBe('b')
    })
    expect(failure).toBe('a diagram without .toBe asserts nothing: expectObservable no. 3')
  })

  it('compares bigints, lazy lists and transactions by what they hold', () => {
    const through = <T extends Parameters<typeof encodeMessage>[0]>(message: T) =>
      decodeMessage(message.command, encodeMessage(message))
    const compare = (a: unknown, b: unknown) =>
      failureOf(({ cold, expectObservable }) => expectObservable(cold('a', { a })).toBe('b', { b })) === ''
    const two = through(invMessage('tx', 2))
    expect(compare(two, invMessage('tx', 2))).toBe(true)
    expect(compare(two, invMessage('wtx', 2))).toBe(false)
    const listOf = (type: 'tx' | 'wtx') => {
      const message = through(invMessage(type, 2))
      return message.command === 'inv' ? message.inventory : undefined
    }
    expect(compare(listOf('tx'), listOf('tx'))).toBe(true)
    expect(compare(listOf('tx'), listOf('wtx'))).toBe(false)
    expect(compare(listOf('tx'), invMessage('tx', 2).inventory)).toBe(true)
    expect(compare(1n, 1n)).toBe(true)
    expect(compare(1n, 2n)).toBe(false)
    expect(compare(1n, 1)).toBe(false)
    expect(compare(buildTransaction(), buildTransaction())).toBe(true)
    expect(compare(buildTransaction(), buildTransaction({ seed: 2 }))).toBe(false)
    expect(compare(through(txMessage()), txMessage())).toBe(true)
    expect(compare(new Set([1]), new Set([2]))).toBe(false)
    expect(compare(new Map([[1, 2n]]), new Map([[1, 2n]]))).toBe(true)
    expect(compare(Number.NaN, null)).toBe(false)
    expect(compare(0, -0)).toBe(false)
  })

  it('shows the place where long values differ, and the events around it', () => {
    const long = (end: number) => Uint8Array.of(...new Uint8Array(5_000), end)
    const bytes = failureOf(({ cold, expectObservable }) =>
      expectObservable(cold('a', { a: long(1) })).toBe('a', { a: long(2) }),
    )
    expect(bytes).toContain('0001>')
    expect(bytes).toContain('0002>')
    expect(bytes.length).toBeLessThan(600)
    const many = failureOf(({ cold, expectObservable }) =>
      expectObservable(cold('abcdefghijklmnopqrst')).toBe('abcdefghijkLmnopqrst'),
    )
    expect(many).toContain('    … 5 before\n')
    expect(many).toContain('    … 2 more\n')
    expect(many.split('\n').length).toBeLessThan(40)
  })

  it('letters without a value stand for themselves', () => {
    const failure = (values: object | null) =>
      failureOf(({ cold, expectObservable }) =>
        expectObservable(cold('ab', { a: 1, b: 'b' })).toBe('ab', values),
      )
    expect(failure({ a: 1 })).toBe('')
    expect(failure(null)).toContain('"a"')
    expect(failure({ a: 1, b: undefined })).toContain('1 ms  undefined')
  })

  it('errors compare by name and code, whatever else they say', () => {
    const compare = (seen: Error, error: Error) =>
      failureOf(({ expectObservable }) => expectObservable(throwError(() => seen)).toBe('#', null, error))
    const cause = new Error('the cause')
    const reset = new rxpeer.TransportError('connection-reset', 'the line is cut', { cause })
    expect(compare(reset, failure('connection-reset', 'TransportError'))).toBe('')
    const other = compare(reset, failure('connection-refused', 'TransportError'))
    expect(other).toContain('error TransportError(connection-refused)')
    expect(other).toContain('error TransportError(connection-reset)')
    expect(compare(reset, failure('connection-reset'))).toContain('error PeerError(connection-reset)')
  })

  it('has a clock at the frame, and stops timers without an end', () => {
    const times: number[] = []
    const ticks = (until: number | undefined, period: number) => {
      let count = 0
      marbles(
        ({ expectObservable, clock, scheduler }) => {
          expectObservable(
            timer(period, period, scheduler).pipe(
              map(() => {
                count += 1
                times.push(clock.epoch())
                return clock.monotonic()
              }),
              switchMap(() => []),
            ),
          ).toBe('')
        },
        { until, epoch: 5_000 },
      )()
      return count
    }
    expect(ticks(100, 10)).toBe(10)
    expect(times.slice(0, 2)).toEqual([5_010, 5_020])
    expect(ticks(undefined, 3_600_000)).toBe(24)
  })
})

describe('render', () => {
  it('shows what there is to compare', () => {
    class Pair {
      readonly #a = 1n
      readonly b = [undefined, 'x']
      get a() {
        return this.#a
      }
    }
    const circle: Record<string, unknown> = { n: 1 }
    circle['self'] = circle
    expect(render(new Pair())).toBe('Pair{a: 1n, b: [undefined, "x"]}')
    expect(render(circle)).toBe('{n: 1, self: [circular]}')
    expect(render([circle['n'], circle['n']])).toBe('[1, 1]')
    expect(render({ at: new Date(5), bytes: Uint8Array.of(1, 255) })).toBe('{at: Date(5), bytes: <01ff>}')
  })
})

describe('render, of two that hold the same', () => {
  class Fields {
    constructor(fields: object) {
      Object.assign(this, fields)
    }
  }

  it.each([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: 1 }, { a: 1, b: undefined }],
    [[{ x: { b: 1n, a: 2 } }], [{ x: { a: 2, c: undefined, b: 1n } }]],
    [new Fields({ a: 1, b: 2 }), new Fields({ b: 2, c: undefined, a: 1 })],
    [pingMessage(7n), { nonce: 7n, command: 'ping' }],
  ])('%o is the same as %o', (one, other) => {
    expect(render(one)).toBe(render(other))
  })

  it.each([
    [{ a: 1 }, { a: null }],
    [{ a: 1 }, { b: 1 }],
    [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ],
    [[1, undefined], [1]],
    [{ a: 1 }, new Fields({ a: 1 })],
  ])('%o is not the same as %o', (one, other) => {
    expect(render(one)).not.toBe(render(other))
  })

  /** Shows nothing of what it holds. */
  class Sealed {
    readonly #held: number
    constructor(held: number) {
      this.#held = held
    }
    equals(other: Sealed): boolean {
      return this.#held === other.#held
    }
  }

  it.each([
    ['an ArrayBuffer', 'ArrayBuffer<0102>', () => Uint8Array.of(1, 2).buffer],
    ['an empty ArrayBuffer', 'ArrayBuffer<>', () => new ArrayBuffer(0)],
    ['a DataView', 'DataView<0203>', () => new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2)],
    [
      'a SharedArrayBuffer',
      'SharedArrayBuffer<0102>',
      () => {
        const shared = new SharedArrayBuffer(2)
        new Uint8Array(shared).set([1, 2])
        return shared
      },
    ],
  ])('%s is its bytes', (_, shown, make) => {
    expect(render(make())).toBe(shown)
  })

  it('a buffer that was transferred has no bytes', () => {
    const buffer = new ArrayBuffer(4)
    structuredClone(buffer, { transfer: [buffer] })
    expect(render(buffer)).toBe('ArrayBuffer<>')
  })

  it.each<[string, RegExp, () => unknown]>([
    ['a function', /^\[function named #\d+\]$/, () => function named() {}],
    ['a function without a name', /^\[function #\d+\]$/, () => () => {}],
    ['a class', /^\[function Sealed #\d+\]$/, () => class Sealed {}],
    ['an observable', /^\[observable #\d+\]$/, () => of(1)],
    ['an object that shows nothing', /^Sealed#\d+$/, () => new Sealed(1)],
    ['a promise', /^Promise#\d+$/, () => Promise.resolve(1)],
  ])('%s is the same as itself only', (_, shown, make) => {
    const [one, other] = [make(), make()]
    expect(render(one)).toMatch(shown)
    expect(render({ x: one })).toBe(render({ x: one }))
    expect(render(one)).not.toBe(render(other))
  })

  it('has no numbers for plain objects and lists without anything in them', () => {
    expect(render([{}, [], Object.create(null), new Map()])).toBe('[{}, [], {}, Map[]]')
  })

  it('begins with the command, and has numbers of 64 bits as the plain form does', () => {
    expect(render({ a: 1, command: 'inv', z: 1n })).toBe('{command: "inv", a: 1, z: 1n}')
    expect(render({ nonce: 7n, command: 'ping' })).toBe('{command: "ping", nonce: "7"}')
    expect(render(versionMessage())).toMatch(/^\{command: "version", nonce: "99", protocolVersion: 70016, /)
  })
})

describe('the page about diagrams', () => {
  const page = readFileSync(fileURLToPath(new URL('../../marbles/README.md', import.meta.url)), 'utf8')
  const section = page.slice(page.indexOf('## Testing your own pipeline'))
  const [, code = ''] = /```ts\n(.*?)```/s.exec(section) ?? []
  const [, shown = ''] = /```\n(the diagram .*?)\n```/s.exec(section) ?? []

  /** Runs the code as it stands on the page; the result is that of its one test. */
  function run(source: string): string {
    const tests: (() => void)[] = []
    const modules: Record<string, unknown> = {
      rxjs,
      rxpeer,
      'rxpeer/testing': testing,
      vitest: { it: (_name: string, test: () => void) => tests.push(test) },
    }
    const { code: script } = transformSync(source, { loader: 'ts', format: 'cjs' })
    new Function('require', 'module', script)((name: string) => modules[name], {})
    expect(tests).toHaveLength(1)
    try {
      tests[0]?.()
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  it('shows how a deadline that is missed by 1 ms fails', () => {
    const [, first] = /```\n(the diagram .*?)\n```/s.exec(page) ?? []
    const seen$ = (due: number) => concat(of('version'), timer(due).pipe(ignoreElements()))
    const failing = (due: number) =>
      failureOf(({ expectObservable }) => expectObservable(seen$(due)).toBe('v 29999ms |', { v: 'version' }))
    expect(failing(30_000)).toBe('')
    expect(failing(30_001)).toBe(first)
  })

  it('has a test of a pipeline, of ten lines at most, that passes', () => {
    expect(code.slice(code.indexOf('it(')).trim().split('\n').length).toBeLessThanOrEqual(10)
    expect(run(code)).toBe('')
  })

  it('shows what it fails with when the pipeline takes 1 ms more', () => {
    expect(code).toContain('delay(2_000)')
    expect(shown).toContain('1 ms late')
    expect(run(code.replace('delay(2_000)', 'delay(2_001)'))).toBe(shown)
    expect(run(code.replace('delay(2_000)', 'delay(1_999)'))).toContain('1 ms early')
  })
})
