import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type InputName, inputs } from '../inputs.js'
import type { Row } from '../rows/row.js'
import { Contestant, type Program, startServer } from './contestant.js'

/** How long everyone works, in processor time. */
export interface Effort {
  readonly rounds: number
  /** Of each in a round, ms: long enough for the steps of the kernel's clock. Default 60. */
  readonly slice?: number
  /** Of each before the first round, where the row does not say, ms. Default 400. */
  readonly warmUp?: number
}

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
async function compare([first, ...others]: readonly Contestant[]): Promise<void> {
  const ours = await first!.digest()
  const { result } = await first!.run(1)
  for (const other of others) {
    if ((await other.digest()) !== ours) throw new Error(`${other.name} makes something else of it`)
    const theirs = (await other.run(1)).result
    if (theirs !== result) throw new Error(`${other.name} answers ${theirs}, not ${result}`)
  }
}

/** How often a contestant repeats the work in a round; afterwards it is warm. */
async function warmUp(contestant: Contestant, slice: number, before: number): Promise<number> {
  let times = 1
  let total = 0
  for (;;) {
    const { cost } = await contestant.run(times)
    total += cost
    if (cost >= slice && total >= before) return Math.max(1, Math.round((times * slice) / cost))
    if (cost < slice) times *= 2
  }
}

interface Runner {
  readonly contestant: Contestant
  readonly times: number
  readonly rounds: number[]
}

/** Lets everyone who is there work in turns, every second round in reverse. */
async function inTurns(
  row: Row,
  started: readonly Contestant[],
  per: number,
  { rounds, slice = 60, warmUp: before = 400 }: Effort,
): Promise<Costs[]> {
  const able: Contestant[] = []
  for (const contestant of started) if (await contestant.ready()) able.push(contestant)
  if (able[0]?.name !== 'rxpeer') throw new Error('rxpeer does not do this')
  await compare(able)
  const runners: Runner[] = []
  for (const contestant of able)
    runners.push({
      contestant,
      times: await warmUp(contestant, 1_000 * slice, 1_000 * (row.warmUp ?? before)),
      rounds: [],
    })
  for (let round = 0; round < rounds; round += 1) {
    for (const { contestant, times, rounds } of round % 2 === 0 ? runners : runners.toReversed()) {
      const { cost } = await contestant.run(times)
      rounds.push(cost / times / per)
    }
  }
  return runners.map(({ contestant, rounds }) => ({ name: contestant.name, rounds }))
}

/** The rounds of one life behind those of the lives before. */
function joined(before: readonly Costs[], now: readonly Costs[]): Costs[] {
  return now.map(({ name, rounds }, i) => ({ name, rounds: [...(before[i]?.rounds ?? []), ...rounds] }))
}

/** Reads everyone's gauge in turns, each time in a new process; who cannot is left out. */
async function readGauges(
  start: (name: string) => Contestant,
  names: readonly string[],
  rounds: number,
): Promise<Costs[]> {
  const costs = names.map(name => ({ name, rounds: [] as number[] }))
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, rounds } of costs) {
      const contestant = start(name)
      try {
        if (await contestant.ready()) rounds.push((await contestant.run(1)).cost)
      } finally {
        contestant.stop()
      }
    }
  }
  return costs.filter(({ rounds }) => rounds.length > 0)
}

/** Measures a row: outputs are compared first, then everyone works in turns. */
export async function measure(
  row: Row,
  programs: ReadonlyMap<string, Program>,
  folder: string,
  effort: Effort,
): Promise<Measured> {
  const { path, items } = inputFile(folder, row.input)
  const server = row.server && (await startServer(programs.get('server')!, [row.server, path]))
  const started: Contestant[] = []
  const start = (name: string) => {
    const task = [row.task, path, String(server?.port ?? row.argument ?? 0)]
    const contestant = new Contestant(name, programs.get(name)!, task)
    started.push(contestant)
    return contestant
  }
  try {
    const names = ['rxpeer', 'against', ...Object.keys(row.rivals)].filter(name => programs.has(name))
    if (row.gauge !== undefined) return { row, costs: await readGauges(start, names, effort.rounds) }
    const { lives = 1 } = row
    const rounds = Math.ceil(effort.rounds / lives)
    let costs: Costs[] = []
    for (let life = 0; life < lives; life += 1) {
      const contestants = names.map(start)
      costs = joined(costs, await inTurns(row, contestants, row.items ?? items, { ...effort, rounds }))
      for (const contestant of contestants) contestant.stop()
    }
    return { row, costs }
  } finally {
    for (const contestant of started) contestant.stop()
    server?.stop()
  }
}
