/** All benchmarks, each in a process of its own: what one leaves compiled or on the heap is not the next one's. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

let failed = false
// What users run: see the comment in the file.
const env = { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL('./tsconfig.json', import.meta.url)) }
for (const name of ['block', 'hash', 'messages', 'idle-peer']) {
  console.log(`\n== bench/${name}.ts\n`)
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const { status } = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', file], {
    stdio: 'inherit',
    env,
  })
  failed ||= status !== 0
}
process.exit(failed ? 1 : 0)
