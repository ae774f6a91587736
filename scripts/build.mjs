// Compiles src/ to dist/ from scratch, so that a deleted source leaves no stale module behind. With `--if-stale` only
// where dist/ is missing or older than a source: what runs on it may be running meanwhile.
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const main = 'dist/cli/main.js'
const sources = ['tsconfig.json', 'tsconfig.build.json', 'src']

/** When a file, or anything below a folder, was last written; the folders themselves tell of what was deleted. */
function lastWritten(path) {
  const below = statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : []
  return Math.max(...['.', ...below].map(name => statSync(join(path, name)).mtimeMs))
}

function isFresh() {
  const built = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return sources.every(path => lastWritten(path) <= built)
}

if (!process.argv.includes('--if-stale') || !isFresh()) {
  rmSync('dist', { recursive: true, force: true })
  const tsc = spawnSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  })
  if (tsc.status !== 0) process.exit(tsc.status ?? 1)
  chmodSync(main, 0o755)
}
