/**
 * Tells in the gate when something has become a lot slower: rxpeer beside what is there without Go and Rust, in the same
 * run. The bounds are far from what is measured, so that a loaded machine passes; a row that fails is measured again.
 */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { rows } from './rows/index.js'
import type { Rival, Row } from './rows/row.js'
import { contestants, makeFolder } from './support/build.js'
import { measure } from './support/measure.js'
import { results, short } from './support/report.js'

interface Bound {
  readonly row: string
  readonly rival: Rival
  /** The least that the rival's cost over ours may be. */
  readonly least: number
}

/** Less than half of what was measured on two shared and busy cores. */
const bounds: readonly Bound[] = [
  { row: 'block decode, validated', rival: 'bitcoinjs-lib', least: 45 },
  { row: 'every field of a block', rival: 'bitcoinjs-lib', least: 4.5 },
  { row: 'all txids', rival: 'bitcoinjs-lib', least: 10 },
  { row: 'one tx with its id', rival: 'bitcoinjs-lib', least: 5 },
  { row: '2,000 headers with ids', rival: 'plain', least: 2.5 },
  { row: 'inv 50,000 entries read', rival: 'plain', least: 2.5 },
  { row: 'encode tx', rival: 'plain', least: 2 },
  { row: 'encode inv 50', rival: 'plain', least: 0.9 },
  { row: 'pings, bare decode', rival: 'plain', least: 3 },
  { row: 'pings, whole peer', rival: 'plain', least: 1.3 },
  { row: 'relay mix, bare decode', rival: 'plain', least: 1.5 },
  { row: 'relay mix, whole peer', rival: 'plain', least: 0.6 },
]

const effort = { rounds: 3, slice: 40, warmUp: 300 }

const { values } = parseArgs({
  options: { dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) } },
})
const folder = makeFolder()
const slow: string[] = []

async function ratioOf(
  { row: name, rival }: Bound,
  programs: Awaited<ReturnType<typeof contestants>>,
): Promise<number> {
  const row = rows.find(candidate => candidate.name === name)
  if (row === undefined) throw new Error(`there is no row "${name}"`)
  const alone: Row = { ...row, rivals: { [rival]: {} } }
  const [result] = results(await measure(alone, programs, folder, effort), '')
  if (result === undefined) throw new Error(`${rival} is absent, or does not do "${name}"`)
  return result.ratio
}

try {
  const programs = await contestants(folder, {
    dist: values.dist,
    rivals: new Set(bounds.map(({ rival }) => rival)),
    install: false,
  })
  for (const bound of bounds) {
    let ratio = await ratioOf(bound, programs)
    if (ratio < bound.least) ratio = await ratioOf(bound, programs)
    console.log(`${bound.row}: ${short(ratio)}x ${bound.rival}, at least ${bound.least}x`)
    if (ratio < bound.least) slow.push(bound.row)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (slow.length > 0) {
  console.error(`slower than they may be: ${slow.join('; ')}`)
  process.exit(1)
}
