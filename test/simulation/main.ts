/** Simulations by their seeds: `npm run simulate [count] [first seed]`. Exits 1 and tells a short history where one fails. */
import { explain, happen, planOf } from './simulate.js'

const [count = 10_000, first = 1] = process.argv.slice(2).map(Number)
const started = performance.now()
let failed = 0
for (let seed = first; seed < first + count; seed += 1) {
  const plan = planOf(seed)
  const history = happen(plan)
  const again = happen(plan)
  const same = history.log.join('\n') === again.log.join('\n')
  if (!same) console.log(`seed ${seed}: another history the second time`)
  if (history.faults.length > 0) console.log(explain(seed))
  if (!same || history.faults.length > 0) failed += 1
  if (failed >= 5) break
}
const seconds = ((performance.now() - started) / 1_000).toFixed(1)
console.log(`${count} simulations from seed ${first}, each twice, in ${seconds} s: ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
