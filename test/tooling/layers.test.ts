import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// The layer rule is data in biome.json. These tests plant a file in a copy of the tree's shape and see it refused, so
// that a rule that has stopped working is noticed.

const project = fileURLToPath(new URL('../..', import.meta.url))
/** What the linter says of a tree of planted files: its output, by file. */
function lint(lines: readonly (readonly [string, string])[]): (index: number) => string {
  const folder = mkdtempSync(join(tmpdir(), 'rxpeer-layers-'))
  const { vcs: _, $schema: __, ...rules } = JSON.parse(readFileSync(join(project, 'biome.json'), 'utf8'))
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(rules))
  for (const [index, [room, line]] of lines.entries()) {
    mkdirSync(join(folder, 'src', room), { recursive: true })
    writeFileSync(join(folder, 'src', room, `planted${index}.ts`), `${line}\n`)
  }
  const biome = join(project, 'node_modules/.bin/biome')
  const run = spawnSync(biome, ['lint', '--max-diagnostics=none', 'src'], { cwd: folder, encoding: 'utf8' })
  rmSync(folder, { recursive: true, force: true })
  const diagnostics = (run.stdout + run.stderr).split(/^(?=src\/)/m)
  return index => diagnostics.filter(text => text.includes(`planted${index}.ts`)).join('')
}

const imports = (what: string) => `export { x } from '${what}'`

const forbidden: readonly (readonly [string, string])[] = [
  ['wire', imports('rxjs')],
  ['wire', imports('node:net')],
  ['wire', imports('../stream/connection.js')],
  ['wire/messages', imports('../../peer/peer.js')],
  ['wire', 'export const x = process.pid'],
  ['wire', 'export const x = Date.now()'],
  ['stream', imports('../behaviors/pong.js')],
  ['stream', imports('../peer/connect.js')],
  ['stream', imports('../transport/tcp.js')],
  ['behaviors', imports('../peer/policy.js')],
  ['behaviors', 'export const x = setTimeout(() => {}, 1)'],
  ['peer', imports('../requests/headers.js')],
  ['peer', imports('../transport/tcp.js')],
  ['peer', imports('../testing/index.js')],
  ['peer', imports('../index.js')],
  ['peer', 'export const x = performance.now()'],
  ['requests', imports('../testing/index.js')],
  ['requests', imports('../cli/main.js')],
  ['transport', imports('../peer/connect.js')],
  ['transport', imports('../wire/frame.js')],
  ['transport', imports('../stream/v1.js')],
]

const allowed: readonly (readonly [string, string])[] = [
  ['stream', imports('../wire/frame.js')],
  ['behaviors', imports('../stream/of-command.js')],
  ['peer', imports('../behaviors/pong.js')],
  ['requests', imports('../peer/peer.js')],
  ['transport', imports('../stream/connection.js')],
  ['transport', imports('node:net')],
  ['testing', imports('../peer/connect.js')],
  ['cli', imports('../testing/index.js')],
]

const of = (index: number, [room, line]: readonly [string, string]) => ({ index, room, line })

describe('layers: wire <- stream <- behaviors <- peer <- requests <- index, transport -> stream/connection', () => {
  const refused = lint(forbidden)
  const passed = lint(allowed)

  it.each(forbidden.map((row, index) => of(index, row)))('src/$room must not hold: $line', ({ index }) => {
    expect(refused(index)).toMatch(/noRestricted(Imports|Globals)/)
  })

  it.each(allowed.map((row, index) => of(index, row)))('src/$room may hold: $line', ({ index }) => {
    expect(passed(index)).not.toMatch(/noRestricted(Imports|Globals)/)
  })
})
