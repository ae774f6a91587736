/** All benchmarks, each in a process of its own: what one leaves compiled or on the heap is not the next one's. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

let failed = false
for (const name of ['block', 'hash', 'messages']) {
  console.log(`\n== bench/${name}.ts\n`)
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit' })
  failed ||= status !== 0
}
process.exit(failed ? 1 : 0)
