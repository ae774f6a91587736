/** Something to time: `run` is called over and over and answers what it made, so that no work is optimised away. */
export interface Case {
  readonly name: string
  readonly run: () => unknown
}

/** What a case took. */
export interface Timing {
  readonly name: string
  /** Milliseconds of one run, in each round. */
  readonly rounds: readonly number[]
}

/** A round repeats a case for at least this long, so that the clock's steps and single interruptions matter little. */
const SLICE_MS = 10

const never = Symbol('never')

function time(run: () => unknown, times: number): number {
  const started = performance.now()
  for (let i = 0; i < times; i += 1) if (run() === never) throw new Error('unreachable')
  return (performance.now() - started) / times
}

/**
 * Times the cases in turns, every second round in reverse order: a machine that is slow for a while is slow for all of
 * them, and nobody always comes after the case that leaves the most garbage.
 */
export function interleave(cases: readonly Case[], rounds: number): Timing[] {
  const runners = cases.map(({ name, run }) => {
    const once = Math.min(time(run, 3), time(run, 3))
    return { name, run, times: Math.max(1, Math.ceil(SLICE_MS / once)), rounds: [] as number[] }
  })
  for (let round = 0; round < rounds; round += 1) {
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
      runner.rounds.push(time(runner.run, runner.times))
    }
  }
  return runners
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >>> 1] ?? Number.NaN
}

/** Prints rows in columns, the first to the left and the others to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    console.log(`  ${cells.join('  ')}`.trimEnd())
  }
}
