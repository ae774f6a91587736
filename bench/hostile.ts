/**
 * What hostile remotes do to a process and to its good peers. Each row is one attack on a process of its own with 128 MB
 * of heap, while a good peer on the same listener pings. Exits 1 where a bound is broken.
 * Run: npm run hostile [attack …] [--count=8] [--direction=inbound] [--policy=btcd]
 */
import { parseArgs } from 'node:util'
import { type Outcome, run, type Scene } from './hostile/attack.js'
import { attacks, type PolicyName } from './hostile/attacks.js'
import { broken } from './hostile/bounds.js'
import { printTable } from './support/interleave.js'

/** ms that an attack without an end of its own lasts. */
const LASTS = 5_000

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    direction: { type: 'string' },
    policy: { type: 'string' },
  },
})

const names = positionals.length > 0 ? positionals : Object.keys(attacks)
const counts = values.count === undefined ? [1, 8] : [Number(values.count)]
const directions = (['inbound', 'outbound'] as const).filter(one => (values.direction ?? one) === one)
const policies = (['btcd', 'core'] as const).filter((one: PolicyName) => (values.policy ?? one) === one)

const scenes = names.flatMap(attack =>
  counts.flatMap(count =>
    directions.flatMap(direction =>
      policies.map((policy): Scene => ({ attack, count, direction, policy, lasts: LASTS })),
    ),
  ),
)

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
const endsOf = ({ ends }: Outcome) =>
  Object.entries(ends)
    .map(([code, times]) => (times === 1 ? code : `${times} ${code}`))
    .join(', ')

const heading = [
  'attack',
  'peers',
  'direction',
  'policy',
  'pongs',
  'slowest',
  'turn',
  'wait',
  'heap',
  'left',
  'ends',
]
const rows: string[][] = [heading]
const faults: string[] = []
for (const scene of scenes) {
  const outcome = await run(scene)
  const { attack, count, direction, policy } = scene
  const row = [
    attack,
    `${count}`,
    direction,
    policy,
    `${outcome.pongs}`,
    `${Math.round(outcome.slowest)} ms`,
    `${Math.round(outcome.ours)} ms`,
    `${Math.round(outcome.turn)} ms`,
    `${megabytes(outcome.heap)} MB`,
    `${megabytes(outcome.left)} MB`,
    endsOf(outcome),
  ]
  rows.push(row)
  const found = broken(scene, outcome)
  faults.push(...found.map(fault => `${attack}, ${count} ${direction}, ${policy}: ${fault}`))
  console.error(`${found.length > 0 ? 'BROKEN ' : ''}${row.join(' · ')}`)
}
console.log()
printTable(rows)
console.log()
for (const [name, { what }] of Object.entries(attacks))
  if (names.includes(name)) console.log(`  ${name}: ${what}`)
console.log(faults.length > 0 ? `\n${faults.join('\n')}` : '\nall bounds hold')
process.exitCode = faults.length > 0 ? 1 : 0
