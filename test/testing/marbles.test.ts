import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import * as rxjs from 'rxjs'
import { map, merge, of, switchMap, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import * as rxpeer from '../../src/index.js'
import { buildTransaction } from '../../src/testing/build.js'
import * as testing from '../../src/testing/index.js'
import { type MarbleHelpers, marbles } from '../../src/testing/marbles.js'
import { invMessage, txMessage } from '../../src/testing/messages.js'
import { render } from '../../src/testing/render.js'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.js'

/** What a test in diagrams fails with; the empty string where it passes. */
function failureOf(test: (helpers: MarbleHelpers) => void): string {
  try {
    marbles(test)()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('marbles', () => {
  it('a pipeline that is 1 ms late, or early, says so', () => {
    const failure = (due: number) =>
      failureOf(({ expectObservable }) => {
        const seen$ = merge(of('start'), timer(due).pipe(map(() => 12n)))
        expectObservable(seen$).toBe('s 29999ms (b|)', { s: 'start', b: 12n })
      })
    expect(failure(30_000)).toBe('')
    expect(failure(30_001)).toBe(`the diagram 's 29999ms (b|)' does not fit
  expected
           0 ms  "start"
  >    30000 ms  12n
       30000 ms  complete
  seen
           0 ms  "start"
  >    30001 ms  12n
       30001 ms  complete
  the marked event is 1 ms late`)
    expect(failure(29_999)).toContain('the marked event is 1 ms early')
  })

  it('tells what is missing and what is too much', () => {
    const nothing = failureOf(({ cold, expectObservable }) => expectObservable(cold('---')).toBe('--a'))
    expect(nothing).toContain('  seen\n    (nothing)\n  nothing came for 2 ms')
    const more = failureOf(({ cold, expectObservable }) => expectObservable(cold('-ab')).toBe('-a'))
    expect(more).toContain('  >        2 ms  "b"\n  nothing was expected at 2 ms')
    const other = failureOf(({ cold, expectObservable }) => expectObservable(cold('-b')).toBe('-a'))
    expect(other).toContain('  >        1 ms  "a"\n  seen\n  >        1 ms  "b"')
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

  it('errors compare by name and code', () => {
    const failing = (code: string) => Object.assign(new Error('x'), { name: 'PeerError', code })
    const failure = failureOf(({ expectObservable }) =>
      expectObservable(throwError(() => failing('stalled'))).toBe('#', null, failing('idle-timeout')),
    )
    expect(failure).toContain('error PeerError(idle-timeout)')
    expect(failure).toContain('error PeerError(stalled)')
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
    expect(render(new Pair())).toBe('Pair{b: [undefined, "x"], a: 1n}')
    expect(render(circle)).toBe('{n: 1, self: [circular]}')
    expect(render([circle['n'], circle['n']])).toBe('[1, 1]')
    expect(render(of(1))).toBe('[observable]')
    expect(render({ at: new Date(5), bytes: Uint8Array.of(1, 255) })).toBe('{at: Date(5), bytes: <01ff>}')
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
