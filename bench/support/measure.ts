import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type InputName, inputs } from '../inputs.js'
import type { Row } from '../rows/row.js'
import { Contestant, type Program } from './contestant.js'

/** Processor time that a round takes, microseconds: the clock of the kernel has steps. */
const SLICE = 60_000
/** Before the first round, so that everything is compiled. */
const WARM_UP = 400_000

/** What one contestant's rounds cost, each by the row's item. */
export interface Costs {
  readonly name: string
  readonly rounds: readonly number[]
}

/** What was measured of a row; the first is rxpeer. */
export interface Measured {
  readonly row: Row
  readonly costs: readonly Costs[]
}

const made = new Map<InputName, { readonly path: string; readonly items: number }>()

function inputFile(folder: string, name: InputName): { readonly path: string; readonly items: number } {
  const known = made.get(name)
  if (known !== undefined) return known
  const { bytes, items } = inputs[name]()
  const path = join(folder, `input-${made.size}`)
  writeFileSync(path, bytes)
  made.set(name, { path, items })
  return { path, items }
}

/** Compares what all of them make of the input. */
async function compare(row: Row, [first, ...others]: readonly Contestant[]): Promise<void> {
  const ours = await first!.digest()
  const { result } = await first!.run(1)
  for (const other of others) {
    if ((await other.digest()) !== ours)
      throw new Error(`${row.name}: ${other.name} makes something else of it`)
    const theirs = (await other.run(1)).result
    if (theirs !== result) throw new Error(`${row.name}: ${other.name} answers ${theirs}, not ${result}`)
  }
}

/** How often a contestant repeats the work in a round; afterwards it is warm. */
async function warmUp(contestant: Contestant): Promise<number> {
  let times = 1
  let total = 0
  for (;;) {
    const { cost } = await contestant.run(times)
    total += cost
    if (cost >= SLICE && total >= WARM_UP) return Math.max(1, Math.round((times * SLICE) / cost))
    if (cost < SLICE) times *= 2
  }
}

/** Measures a row: outputs are compared, then everyone works in turns, every second round in reverse. */
export async function measure(
  row: Row,
  programs: ReadonlyMap<string, Program>,
  folder: string,
  rounds: number,
): Promise<Measured> {
  const { path, items } = inputFile(folder, row.input)
  const per = row.items ?? items
  const names = ['rxpeer', 'against', ...Object.keys(row.rivals)].filter(name => programs.has(name))
  const task = [row.task, path, String(row.argument ?? 0)]
  const started = names.map(name => new Contestant(name, programs.get(name)!, task))
  try {
    const able: Contestant[] = []
    for (const contestant of started) if (await contestant.ready()) able.push(contestant)
    if (able[0]?.name !== 'rxpeer') throw new Error(`${row.name}: rxpeer does not do this`)
    await compare(row, able)
    const runners: { contestant: Contestant; times: number; rounds: number[] }[] = []
    for (const contestant of able) {
      runners.push({ contestant, times: await warmUp(contestant), rounds: [] })
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
        const { cost } = await runner.contestant.run(runner.times)
        runner.rounds.push(cost / runner.times / per)
      }
    }
    return { row, costs: runners.map(({ contestant, rounds }) => ({ name: contestant.name, rounds })) }
  } finally {
    for (const contestant of started) contestant.stop()
  }
}
