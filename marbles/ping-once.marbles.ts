import { describe, it } from 'vitest'
import { pingOnce } from '../src/requests/ping-once.js'
import { marbles } from '../src/testing/marbles.js'
import { asking, ends, expectNothingLeft, givenUp, shaken } from './asking.js'

/** The nonce that the dice of the diagrams give. */
const nonce = 0x0101_0101_0101_0101n
const values = { o: { command: 'pong', nonce }, k: { command: 'pong', nonce: nonce + 1n } } as const

describe('pingOnce', () => {
  it(
    'emits the round trip in ms, and passes over the pongs of others',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}k 20ms o`, values, ask: peer => pingOnce(peer) })
      helpers.expectObservable(question.asked$, '^ 50ms !').toBe('p', { p: 'ping' })
      helpers.expectObservable(question.answer$, '^ 50ms !').toBe('25ms (md)', { ...ends, m: 25 })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'measures the ping that was answered, not those before',
    marbles(helpers => {
      const question = asking(helpers, {
        said: `${shaken} 1s o`,
        values,
        ask: peer => pingOnce(peer, { timeout: 1_000, retries: 1 }),
      })
      helpers.expectObservable(question.answer$, '^ 3s !').toBe('1004ms (md)', { ...ends, m: 4 })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'fails after 30 s without a pong, and with the peer',
    marbles(helpers => {
      const silent = asking(helpers, { said: `${shaken}k`, values, ask: peer => pingOnce(peer) })
      helpers.expectObservable(silent.answer$, '^ 60s !').toBe('30s t', ends)
      const gone = asking(helpers, { said: `${shaken}-|`, ask: peer => pingOnce(peer) })
      helpers.expectObservable(gone.answer$, '^ 60s !').toBe('-----c', ends)
      expectNothingLeft(helpers, silent, gone)
    }),
  )

  it(
    'keeps its pong from users, and no other',
    marbles(helpers => {
      const question = asking(helpers, { said: `${shaken}k-o-o`, values, ask: peer => pingOnce(peer) })
      helpers.expectObservable(question.heard$, '^-----------!').toBe('----k---o', { k: 'pong', o: 'pong' })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('------(md)', { ...ends, m: 6 })
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'ends when it is aborted',
    marbles(helpers => {
      const abort = new AbortController()
      helpers.scheduler.schedule(() => abort.abort(), 7)
      const question = asking(helpers, { ask: peer => pingOnce(peer, { signal: abort.signal }) })
      helpers.expectObservable(question.answer$, '^-----------!').toBe('-------a', ends)
      expectNothingLeft(helpers, question)
    }),
  )

  it(
    'leaves nothing behind when it is given up',
    marbles(helpers => {
      const left$ = givenUp(helpers, { ask: peer => pingOnce(peer) }, 5)
      helpers.expectObservable(left$, '^ 60s !').toBe('----l-z', ends)
    }),
  )
})
