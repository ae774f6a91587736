// `npm start` runs the demo; `npm start -- watch HOST` hands its words to the command.
import { spawnSync } from 'node:child_process'

const words = process.argv.slice(2)
const run = spawnSync(process.execPath, ['dist/cli/main.js', ...(words.length > 0 ? words : ['demo'])], {
  stdio: 'inherit',
})
process.exit(run.status ?? 1)
