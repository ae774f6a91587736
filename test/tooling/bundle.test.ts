import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** Runs the check over a copy of the built package that `spoil` has changed. */
function checkBundle(spoil: (folder: string) => void): { status: number | null; out: string; err: string } {
  const folder = mkdtempSync(join(tmpdir(), 'rxpeer-bundle-'))
  for (const part of ['dist', 'package.json'])
    cpSync(join(project, part), join(folder, part), { recursive: true })
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  spoil(folder)
  const run = spawnSync(process.execPath, [join(project, 'scripts/check-bundle.mjs'), folder], {
    encoding: 'utf8',
  })
  rmSync(folder, { recursive: true, force: true })
  return { status: run.status, out: run.stdout, err: run.stderr }
}

/** Adds a line to a built module. */
const plant = (file: string, line: string) => (folder: string) =>
  appendFileSync(join(folder, 'dist', file), `\n${line}\n`)

describe('the bundle for browsers', () => {
  it('has every entry but rxpeer/node, with its sizes', () => {
    const { status, out, err } = checkBundle(() => {})
    expect({ status, err }).toEqual({ status: 0, err: '' })
    const rows = [...out.matchAll(/^(\S+) +[\d.]+ kB minified +[\d.]+ kB gzipped$/gm)].map(
      ([, entry]) => entry,
    )
    expect(rows).toEqual(expect.arrayContaining(['rxpeer', 'rxpeer/wire', 'rxpeer/testing']))
    expect(rows).not.toContain('rxpeer/node')
  })

  it.each([
    [
      "import { readFileSync } from 'node:fs'\nexport const x = readFileSync",
      'dist/wire/hash.js imports node:fs',
    ],
    ["import { readFileSync } from 'node:fs'", 'dist/wire/hash.js imports node:fs'],
    ["export const x = () => import('node:net')", 'dist/wire/hash.js imports node:net'],
    ["import { readFileSync } from 'fs'\nexport const x = readFileSync", 'Could not resolve "fs"'],
    ["export { tcp } from '../transport/tcp.js'", 'dist/transport/tcp.js imports node:net'],
  ])('must not hold %j', (line, named) => {
    const { status, err } = checkBundle(plant('wire/hash.js', line))
    expect(status).toBe(1)
    for (const entry of ['rxpeer', 'rxpeer/wire', 'rxpeer/testing'])
      expect(err.split('\n').filter(row => row.startsWith(`${entry}: `) && row.includes(named))).toHaveLength(
        1,
      )
  })

  it('is checked entry by entry', () => {
    const { status, err } = checkBundle(plant('testing/index.js', "import 'node:fs'"))
    expect({ status, err }).toEqual({
      status: 1,
      err: 'rxpeer/testing: dist/testing/index.js imports node:fs, a module of Node\n',
    })
  })

  it('keeps no more of an entry than what is imported', () => {
    const { status, err } = checkBundle(folder => {
      const path = join(folder, 'package.json')
      writeFileSync(path, readFileSync(path, 'utf8').replace('"sideEffects": false', '"sideEffects": true'))
    })
    expect(status).toBe(1)
    for (const platform of ['browser', 'node'])
      expect(err).toMatch(
        new RegExp(`^toHex of rxpeer/wire alone draws \\d+ bytes into a bundle for ${platform}$`, 'm'),
      )
  })

  it('must not hold the node backend of #crypto', () => {
    const { status, err } = checkBundle(folder => {
      const path = join(folder, 'package.json')
      const manifest = readFileSync(path, 'utf8')
      writeFileSync(path, manifest.replace('"./dist/wire/crypto/noble.js"', '"./dist/wire/crypto/node.js"'))
    })
    expect(status).toBe(1)
    expect(err).toContain('rxpeer/wire: dist/wire/crypto/node.js is in the bundle')
  })
})
