import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** How far the heap may be from a figure: it has habits of its own. */
const TOLERANCE = 0.25

/** The documented bounds: of `memoryLimit`, 20,000,000 bytes where nothing else is said, and of `sendQueueLimit`. */
const bounds = {
  frame: 4_000_000,
  held: 5_000_000,
  queue: 5_000_000,
  request: 5_000_000,
  // With ten times the limit.
  question: 10_000_000,
  reply: 10_000_000,
  send: 64 * 1024 * 1024,
} as const

interface Line {
  readonly name: string
  readonly account: keyof typeof bounds
  readonly grown: number
  readonly counted: number
  readonly of: number
  readonly code: string
}

const isLine = (value: unknown): value is Line =>
  typeof value === 'object' && value !== null && 'name' in value && 'grown' in value

const folder = mkdtempSync(join(tmpdir(), 'rxpeer-bounds-'))
const lines: Line[] = []

beforeAll(() => {
  const outfile = join(folder, 'bounds.mjs')
  buildSync({
    entryPoints: [file('./bounds.worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { '#crypto': file('../../src/wire/crypto/node.ts') },
  })
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', outfile], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  for (const text of stdout.trim().split('\n')) {
    const line: unknown = JSON.parse(text)
    if (isLine(line)) lines.push(line)
  }
}, 180_000)

afterAll(() => rmSync(folder, { recursive: true }))

const of = (account: Line['account']) => lines.filter(line => line.account === account)

describe('what a remote can make us hold', () => {
  it('is driven to the bound of each account', () => {
    expect(new Set(lines.map(({ account }) => account))).toEqual(new Set(Object.keys(bounds)))
    expect(lines.length).toBeGreaterThanOrEqual(50)
  })

  it('is counted at what the heap and its buffers grow by', () => {
    const lies = lines
      .map(({ name, grown, counted }) => ({ name, ratio: grown / counted }))
      .filter(({ ratio }) => Math.abs(ratio - 1) > TOLERANCE)
    expect(lies).toEqual([])
  })

  it.each(Object.keys(bounds) as (keyof typeof bounds)[])('ends at the documented bound: %s', account => {
    const beyond = of(account)
      .map(({ name, of: counted }) => ({ name, counted, ratio: counted / bounds[account] }))
      .filter(({ ratio }) => Math.abs(ratio - 1) > TOLERANCE)
    expect(beyond).toEqual([])
  })

  it('ends by waiting, and not by an end of the peer', () => {
    expect(lines.filter(({ code }) => code !== '')).toEqual([])
  })
})
