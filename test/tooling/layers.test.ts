import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// The layer rule is data in biome.json. These tests plant a file in a copy of the tree's shape and see it refused, so
// that a rule that has stopped working is noticed.

const project = fileURLToPath(new URL('../..', import.meta.url))

/** What the linter says of a tree of planted files: its output, by file. */
function lint(files: readonly (readonly [path: string, code: string])[]): (path: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'rxpeer-layers-'))
  const { vcs: _, $schema: __, ...rules } = JSON.parse(readFileSync(join(project, 'biome.json'), 'utf8'))
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(rules))
  for (const [path, code] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), `${code}\n`)
  }
  const biome = join(project, 'node_modules/.bin/biome')
  const run = spawnSync(biome, ['lint', '--max-diagnostics=none', 'src'], { cwd: folder, encoding: 'utf8' })
  rmSync(folder, { recursive: true, force: true })
  const diagnostics = (run.stdout + run.stderr).split(/^(?=src\/)/m)
  return path => diagnostics.filter(text => text.startsWith(`${path}:`)).join('')
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
  ['requests', imports('../chain/follow.js')],
  ['peer', imports('../many/pool.js')],
  ['chain', imports('../many/pool.js')],
  ['chain', imports('../transport/tcp.js')],
  ['chain', imports('node:fs')],
  ['chain', 'export const x = Date.now()'],
  ['many', imports('../observe/record.js')],
  ['many', imports('../index.js')],
  ['many', 'export const x = setInterval(() => {}, 1)'],
  ['observe', imports('../chain/follow.js')],
  ['observe', imports('../testing/index.js')],
  ['observe', 'export const x = performance.now()'],
  ['', "export { x } from './transport/tcp.js'"],
  ['', "export { x } from './testing/index.js'"],
  ['transport', imports('../peer/connect.js')],
  ['transport', imports('../wire/frame.js')],
  ['transport', imports('../stream/v1.js')],
  ['transport', imports('../many/pool.js')],
]

const allowed: readonly (readonly [string, string])[] = [
  ['stream', imports('../wire/frame.js')],
  ['behaviors', imports('../stream/of-command.js')],
  ['peer', imports('../behaviors/pong.js')],
  ['requests', imports('../peer/peer.js')],
  ['chain', imports('../requests/get-headers.js')],
  ['many', imports('../peer/connect.js')],
  ['observe', imports('../wire/messages.js')],
  ['', "export { x } from './many/pool.js'"],
  ['transport', imports('../stream/connection.js')],
  ['transport', imports('node:net')],
  ['testing', imports('../peer/connect.js')],
  ['cli', imports('../testing/index.js')],
]

const plant = (rows: typeof forbidden) =>
  rows.map(([room, line], n) => ({ room, line, path: join('src', room, `planted${n}.ts`) }))

const arrow =
  'wire <- stream <- behaviors <- peer <- requests <- chain | many | observe <- index, transport -> stream/connection'

describe(`layers: ${arrow}`, () => {
  const refused = plant(forbidden)
  const passed = plant(allowed)
  const saidOfRefused = lint(refused.map(({ path, line }) => [path, line]))
  const saidOfPassed = lint(passed.map(({ path, line }) => [path, line]))

  it.each(refused)('src/$room must not hold: $line', ({ path }) => {
    expect(saidOfRefused(path)).toMatch(/noRestricted(Imports|Globals)/)
  })

  it.each(passed)('src/$room may hold: $line', ({ path }) => {
    expect(saidOfPassed(path)).not.toMatch(/noRestricted(Imports|Globals)/)
  })
})

describe('circles of imports', () => {
  const types = "import type { B } from './b.js'\nexport interface A { b: B }"
  const circle = (name: string, first: string, last: string): [string, string][] => [
    [`src/peer/${name}/a.ts`, first],
    [`src/peer/${name}/b.ts`, "export * from './c.js'\nexport interface B {}"],
    [`src/peer/${name}/c.ts`, last],
  ]
  const said = lint([
    ...circle('values', "import { b } from './b.js'\nexport const a = b", "export { a as b } from './a.js'"),
    ...circle('types', types, "import type { A } from './a.js'\nexport interface C { a: A }"),
    ...circle('none', types, 'export interface C {}'),
  ])

  it.each(['values', 'types'])('of %s are refused, with all files on the way', name => {
    for (const file of ['a', 'b', 'c'])
      expect(said(`src/peer/${name}/${file}.ts`)).toContain('noImportCycles')
  })

  it('are not seen where there are none', () => {
    for (const file of ['a', 'b', 'c'])
      expect(said(`src/peer/none/${file}.ts`)).not.toContain('noImportCycles')
  })

  it('are not in the sources', () => {
    const biome = join(project, 'node_modules/.bin/biome')
    const words = ['lint', '--only=suspicious/noImportCycles', '--max-diagnostics=none', 'src']
    const { status, stdout, stderr } = spawnSync(biome, words, { cwd: project, encoding: 'utf8' })
    const circular = [...(stdout + stderr).matchAll(/^src\/\S+(?= lint)/gm)].map(([place]) => place)
    expect({ status, circular }).toEqual({ status: 0, circular: [] })
  })
})
