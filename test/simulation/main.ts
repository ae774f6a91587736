/** Simulations by their seeds: `npm run simulate [count] [first seed]`. Exits 1, and tells a short history, where one fails. */
import { setImmediate } from 'node:timers/promises'
import { explain, happen, planOf, unhandled } from './simulate.js'

/** Failures after which it stops: more would tell nothing new. */
const ENOUGH = 5

const [count = 10_000, first = 1] = process.argv.slice(2).map(Number)
const started = performance.now()
let failed = 0
let seed = first
for (; seed < first + count && failed < ENOUGH; seed += 1) {
  const plan = planOf(seed)
  const { log, faults } = happen(plan)
  const isSame = happen(plan).log.join('\n') === log.join('\n')
  if (!isSame) console.log(`seed ${seed}: the second time it went another way`)
  if (faults.length > 0) console.log(explain(seed))
  if (!isSame || faults.length > 0) failed += 1
  // What handlers throw is told in a task of its own.
  await setImmediate()
}
for (const error of unhandled) console.log(`not caught: ${error}`)
const seconds = ((performance.now() - started) / 1_000).toFixed(1)
console.log(
  `${seed - first} simulations from seed ${first}, each of them twice, in ${seconds} s: ${failed} failed`,
)
process.exitCode = failed > 0 || unhandled.length > 0 ? 1 : 0
