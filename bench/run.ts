/** Every row beside what one would use instead; see `bench/README.md` for what it prints and how it measures. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sample } from './inputs.js'
import { rows } from './rows/index.js'
import { contestants, makeFolder } from './support/build.js'
import { machine } from './support/machine.js'
import { measure } from './support/measure.js'
import { line, median, type Result, results, short, unitOf } from './support/report.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    into: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
    against: { type: 'string' },
    beside: { type: 'string' },
  },
})

const wanted = rows.filter(
  ({ name }) =>
    positionals.length === 0 || positionals.some(word => name.toLowerCase().includes(word.toLowerCase())),
)
if (wanted.length === 0) {
  console.error(`no row is named so; there are:\n  ${rows.map(({ name }) => name).join('\n  ')}`)
  process.exit(2)
}

const folder = makeFolder()
const all: Result[] = []
let failed = false
try {
  const rivals = new Set(values.beside?.split(',') ?? wanted.flatMap(row => Object.keys(row.rivals)))
  const programs = await contestants(folder, {
    dist: values.dist,
    against: values.against,
    rivals,
    install: true,
  })
  // Those that need nothing built are there whether they are wanted or not.
  for (const name of ['raw', 'plain']) if (!rivals.has(name)) programs.delete(name)
  const absent = Array.from(rivals).filter(name => !programs.has(name))
  const where = machine()
  console.log(where)
  console.log(
    `${sample().source}; processor time, medians of ${values.rounds} rounds in turns; ratio = rival / rxpeer`,
  )
  if (absent.length > 0) console.log(`absent: ${absent.join(', ')}`)
  for (const row of wanted) {
    try {
      const measured = await measure(row, programs, folder, { rounds: Number(values.rounds) })
      const found = results(measured, where)
      const ours = median(measured.costs[0]?.rounds ?? [])
      console.log(`\n${row.name}: ${short(ours)} ${unitOf(row)}`)
      for (const result of found) console.log(line(result))
      if (row.limit !== undefined) console.log(`    (${row.limit})`)
      all.push(...found)
    } catch (error) {
      failed = true
      console.log(`\n${row.name}: ${error instanceof Error ? error.message : error}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`)
if (values.into !== undefined) {
  // What was not measured now stays as it was, for a table of which one row has changed.
  const before: readonly Result[] = JSON.parse(readFileSync(values.into, 'utf8'))
  const measured = new Set(all.map(({ row }) => row))
  const known = [...before.filter(({ row }) => !measured.has(row)), ...all]
  const inOrder = rows.flatMap(({ name }) => known.filter(({ row }) => row === name))
  writeFileSync(values.into, `${JSON.stringify(inOrder, null, 2)}\n`)
}
process.exit(failed ? 1 : 0)
