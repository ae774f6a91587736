import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { rows } from '../../bench/rows/index.js'
import type { Row } from '../../bench/rows/row.js'
import type { Program } from '../../bench/support/contestant.js'
import { measure } from '../../bench/support/measure.js'
import { type Result, results } from '../../bench/support/report.js'

const bench = fileURLToPath(new URL('../../bench/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rxpeer-bench-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const row: Row = {
  name: 'nothing at all',
  task: 'nothing',
  input: 'nothing',
  per: 'piece',
  items: 2,
  rivals: { go: { must: 2, stretch: 4 }, rust: {} },
  goal: { must: 50, stretch: 25 },
}

/** A contestant whose repetition takes so many microseconds, without taking them. */
function pretender({ cost = 0, digest = 'd', result = 1, opening = 'ready' }): Program {
  const code = `
    console.log(${JSON.stringify(opening)})
    require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
      console.log(line === 'digest' ? '${digest}' : line.slice(4) * ${cost} + ' ${result}')
    })`
  return { command: process.execPath, arguments: ['--eval', code, '--'] }
}

const run = (programs: Readonly<Record<string, Program>>, measured: Row = row) =>
  measure(measured, new Map(Object.entries(programs)), folder, { rounds: 3, slice: 1, warmUp: 1 })

describe('the rows', () => {
  it('are one a file, each under its own name', () => {
    const files = readdirSync(`${bench}rows`).filter(name => !['index.ts', 'row.ts'].includes(name))
    expect(rows).toHaveLength(files.length)
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
  })

  it('want more in brackets than without', () => {
    for (const { name, rivals, goal } of rows) {
      for (const { must, stretch } of Object.values(rivals)) {
        if (stretch !== undefined) expect(stretch, name).toBeGreaterThan(must ?? Number.POSITIVE_INFINITY)
      }
      if (goal !== undefined) expect(goal.stretch, name).toBeLessThanOrEqual(goal.must)
    }
  })

  it('are those that were measured, in the tables of the READMEs too', () => {
    const measured: readonly Result[] = JSON.parse(readFileSync(`${bench}results.json`, 'utf8'))
    const shown = rows.filter(({ rivals, goal }) => goal !== undefined || Object.keys(rivals).length > 0)
    expect(Array.from(new Set(measured.map(result => result.row)))).toEqual(shown.map(({ name }) => name))
    const { status, stderr } = spawnSync(process.execPath, ['scripts/bench-table.mjs', '--check'], {
      cwd: join(bench, '..'),
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

describe('measuring', () => {
  it('compares costs by the item, and leaves out who is absent or does not do the row', async () => {
    const { costs } = await run({
      rxpeer: pretender({ cost: 10 }),
      go: pretender({ cost: 30 }),
      rust: pretender({ opening: 'unknown' }),
    })
    expect(costs).toEqual([
      { name: 'rxpeer', rounds: [5, 5, 5] },
      { name: 'go', rounds: [15, 15, 15] },
    ])
  })

  it('fails where one makes something else of the input, or answers something else', async () => {
    const ours = pretender({ cost: 10 })
    await expect(run({ rxpeer: ours, go: pretender({ cost: 10, digest: 'e' }) })).rejects.toThrow(
      'go makes something else',
    )
    await expect(run({ rxpeer: ours, go: pretender({ cost: 10, result: 2 }) })).rejects.toThrow(
      'go answers 2, not 1',
    )
  })

  it('fails where rxpeer does not do the row, or somebody ends early', async () => {
    await expect(run({ rxpeer: pretender({ opening: 'unknown' }) })).rejects.toThrow('rxpeer does not')
    const dying: Program = {
      command: process.execPath,
      arguments: ['--eval', 'throw new Error("ouch")', '--'],
    }
    await expect(run({ rxpeer: pretender({ cost: 1 }), go: dying })).rejects.toThrow('ouch')
    const absent: Program = { command: join(folder, 'nobody'), arguments: [] }
    await expect(run({ rxpeer: absent })).rejects.toThrow('rxpeer ended early')
  })

  it('has each begin again where a row asks for it', async () => {
    const { costs } = await run(
      { rxpeer: pretender({ cost: 10 }), go: pretender({ cost: 30 }) },
      { ...row, lives: 2 },
    )
    expect(costs).toEqual([
      { name: 'rxpeer', rounds: [5, 5, 5, 5] },
      { name: 'go', rounds: [15, 15, 15, 15] },
    ])
  })

  it('reads a gauge as it is', async () => {
    const gauge: Row = { ...row, gauge: 'KB' }
    const { costs } = await run({ rxpeer: pretender({ cost: 7 }) }, gauge)
    expect(costs).toEqual([{ name: 'rxpeer', rounds: [7, 7, 7] }])
  })
})

describe('the results', () => {
  it('are ratios of rounds, with what was to be reached', () => {
    const costs = [
      { name: 'rxpeer', rounds: [10, 20, 10, 10, 100] },
      { name: 'go', rounds: [30, 20, 20, 10, 100] },
      { name: 'rust', rounds: [5, 10, 5, 5, 50] },
    ]
    const [go, rust, goal] = results({ row, costs }, 'here')
    expect(go).toEqual({
      row: 'nothing at all',
      rival: 'go',
      ratio: 1,
      low: 1,
      high: 2,
      must: 2,
      stretch: 4,
      held: false,
      ours: 10,
      theirs: 20,
      unit: 'µs per piece',
      machine: 'here',
    })
    expect(rust).toMatchObject({ ratio: 0.5, must: null, stretch: null, held: null })
    // 50 µs at most, and it took 10.
    expect(goal).toMatchObject({ rival: 'goal', ratio: 5, must: 1, stretch: 2, held: true, theirs: 50 })
  })

  it('hold what they reach exactly', () => {
    const costs = [
      { name: 'rxpeer', rounds: [10] },
      { name: 'go', rounds: [20] },
    ]
    expect(results({ row, costs }, '')[0]).toMatchObject({ ratio: 2, held: true })
  })
})
