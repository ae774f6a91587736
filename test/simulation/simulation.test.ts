import { expect, it } from 'vitest'
import { explain, happen, planOf, unhandled } from './simulate.js'

// Holds, requests, sends, slow reads, ends and throwing callbacks in any order, in virtual time. `npm run simulate` runs
// more of them, from any seed.

/** Simulations; more where RXPEER_LONG is set. */
const COUNT = process.env['RXPEER_LONG'] === undefined ? 10_000 : 100_000
/** Of those, how many happen twice. */
const TWICE = 200

const seeds = Array.from({ length: COUNT }, (_, i) => i + 1)

it(`nothing wedges, leaks or escapes in ${COUNT} lives of a peer`, { timeout: 300_000 }, async () => {
  for (const seed of seeds) {
    if (happen(planOf(seed)).faults.length > 0) expect.fail(explain(seed))
  }
  await new Promise(resolve => setTimeout(resolve, 0))
  expect(unhandled.map(String)).toEqual([])
})

it('the same seed gives the same history, and another one another', { timeout: 60_000 }, () => {
  const histories = new Set<string>()
  for (const seed of seeds.slice(0, TWICE)) {
    const { log } = happen(planOf(seed))
    expect(happen(planOf(seed)).log).toEqual(log)
    histories.add(log.join('\n'))
  }
  expect(histories.size).toBe(TWICE)
})
