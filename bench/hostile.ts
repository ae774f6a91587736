/**
 * What hostile remotes do to a process and to its good peers. Each row is one attack on a process of its own with 128 MB
 * of heap, while a good peer on the same listener pings. Exits 1 where a bound is broken.
 * Run: npm run hostile [attack …] [--count=64] [--direction=inbound] [--policy=btcd] [--all]
 */
import { parseArgs } from 'node:util'
import { type Outcome, run, type Scene } from './hostile/attack.js'
import { attacks } from './hostile/attacks.js'
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
    all: { type: 'boolean' },
  },
})

const names = positionals.length > 0 ? positionals : Object.keys(attacks)
const counts = values.count === undefined ? [1, 8] : [Number(values.count)]
const isGiven = Object.values(values).some(value => value !== undefined)

/** Where nothing is asked for: remotes that do not read in every way, and all others in two. */
function isUsual({ attack, count, direction, policy }: Scene): boolean {
  if (attacks[attack]?.reads === false) return true
  return count === 1
    ? direction === 'inbound' && policy === 'btcd'
    : direction === 'outbound' && policy === 'core'
}

const scenes = names
  .flatMap(attack => counts.map(count => ({ attack, count, lasts: LASTS })))
  .flatMap(scene => (['inbound', 'outbound'] as const).map(direction => ({ ...scene, direction })))
  .flatMap(scene => (['btcd', 'core'] as const).map((policy): Scene => ({ ...scene, policy })))
  .filter(({ direction }) => (values.direction ?? direction) === direction)
  .filter(({ policy }) => (values.policy ?? policy) === policy)
  .filter(scene => isGiven || isUsual(scene))

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
  'ours',
  'turn',
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
console.log(`
  pongs: pings of the good peer that were answered · slowest: the longest that one took · ours: the longest without what
  the machine kept both processes waiting · turn: the longest turn of the victim's event loop, on a core · heap: above the
  idle level, a hostile peer, at most · left: above the idle level when they have gone`)
console.log(faults.length > 0 ? `\n${faults.join('\n')}` : '\nall bounds hold')
process.exitCode = faults.length > 0 ? 1 : 0
