import type { Goal, Row } from '../rows/row.js'
import type { Costs, Measured } from './measure.js'

/** One line of the JSON, a contract: see `bench/README.md`. */
export interface Result {
  readonly row: string
  readonly rival: string
  /** The rival's cost over ours, median of the rounds: above 1 we are cheaper. */
  readonly ratio: number
  /** A quarter of the rounds is below. */
  readonly low: number
  /** A quarter of the rounds is above. */
  readonly high: number
  readonly must: number | null
  readonly stretch: number | null
  /** Whether `must` is reached; `null` where there is none. */
  readonly held: boolean | null
  /** What it costs rxpeer, and the rival: medians, in `unit`. */
  readonly ours: number
  readonly theirs: number
  readonly unit: string
  /** Where it was measured: without that a ratio says little. */
  readonly machine: string
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN
}

/** The middle value. */
export const median = (values: readonly number[]) => quantile(values, 0.5)
const rounded = (value: number) => Number(value.toPrecision(4))

/** What a row's costs are told in. */
export const unitOf = ({ gauge, per }: Row): string => `${gauge ?? 'µs'} per ${per}`

/** The results of a row, one a rival. */
export function results({ row, costs: [ours, ...others] }: Measured, machine: string): Result[] {
  if (ours === undefined) return []
  const goals: Record<string, Goal | undefined> = { ...row.rivals }
  const rivals = [...others]
  if (row.goal !== undefined) {
    const { must, stretch } = row.goal
    rivals.push({ name: 'goal', rounds: ours.rounds.map(() => must) })
    goals['goal'] = { must: 1, stretch: must / stretch }
  }
  return rivals.map(({ name, rounds }: Costs) => {
    const ratios = rounds.map((cost, round) => cost / ours.rounds[round]!)
    const { must = null, stretch = null } = goals[name] ?? {}
    const ratio = median(ratios)
    return {
      row: row.name,
      rival: name,
      ratio: rounded(ratio),
      low: rounded(quantile(ratios, 0.25)),
      high: rounded(quantile(ratios, 0.75)),
      must,
      stretch,
      held: must === null ? null : ratio >= must,
      ours: rounded(median(ours.rounds)),
      theirs: rounded(median(rounds)),
      unit: unitOf(row),
      machine,
    }
  })
}

/** A number with three digits that count. */
export const short = (value: number): string =>
  value >= 100
    ? value.toFixed(0)
    : value
        .toPrecision(3)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '')

/** One line for people. */
export function line({ rival, ratio, low, high, must, stretch, held, theirs }: Result): string {
  const spread = `${short(low)} to ${short(high)}`
  const goal = must === null ? '' : `must ${short(must)}${stretch === null ? '' : ` [${short(stretch)}]`}`
  const verdict = held === null ? '' : held ? 'held' : 'NOT HELD'
  return [
    `    ${rival.padEnd(18)}`,
    short(theirs).padStart(9),
    `${short(ratio)}x`.padStart(9),
    spread.padStart(16),
    goal.padEnd(18),
    verdict,
  ]
    .join('  ')
    .trimEnd()
}
