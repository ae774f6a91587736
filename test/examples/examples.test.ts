import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** Runs an example as its first line says, against the built package. */
function run(name: string): { lines: string[]; stderr: string; status: number | null } {
  const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url))
  const child = spawnSync(tsx, [`examples/${name}.ts`], { cwd: project, encoding: 'utf8', timeout: 50_000 })
  return { lines: child.stdout.trimEnd().split('\n'), stderr: child.stderr, status: child.status }
}

const hash = expect.stringMatching(/^(block|transaction) [0-9a-f]{64}$/)

/** What every example prints; lines whose order is the network's are compared as a set. */
const outputs: Readonly<Record<string, readonly unknown[]>> = {
  'outbound-peer': [
    'inbound peer: received version 70016 of /rxpeer:0.1.0/outbound:1.0.0/',
    'outbound peer: received version 70016 of /rxpeer:0.1.0/inbound:1.0.0/',
    'outbound peer: verack received, speaking 70016',
    'inbound peer: verack received, speaking 70016',
    'outbound peer: pong received, disconnecting',
    'outbound peer: disconnected',
  ],
  'inbound-server': ['server: /rxpeer:0.1.0/client:1.0.0/ is connected', 'client: 1 transaction not found'],
  'custom-behavior': ['sent ping', 'sent pong', 'sent getaddr'],
  'slow-handler': [
    'headers behind each block: 8 7 6 5 4 3 2 1 0',
    'held never more than 6 MB: true; some had to wait: true',
  ],
  'serve-blocks': [
    'while the client was busy the server made less than 40 blocks: true',
    'client: 40 blocks, server: 40',
  ],
  'crowded-listener': [
    'listener: refused, max-per-address',
    // A refused socket is destroyed: what the client sees of that is the system's choice.
    expect.stringMatching(/^the fourth client: (remote-closed|connection-reset)$/),
    'server: a peer ended, memory-exceeded',
    'the greedy client is gone, the modest one is served, within the budget',
  ],
  'watch-inventory': [hash, hash, hash, hash, 'that was the embedded node'],
}

describe('examples', () => {
  it('all have their output asserted here', () => {
    const files = readdirSync(fileURLToPath(new URL('../../examples', import.meta.url)))
    const names = files.filter(file => file.endsWith('.ts')).map(file => file.replace(/\.ts$/, ''))
    expect(names.sort()).toEqual(Object.keys(outputs).sort())
  })

  it.each(Object.entries(outputs))('%s', (name, expected) => {
    const { lines, stderr, status } = run(name)
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    expect(lines).toHaveLength(expected.length)
    expect(lines).toEqual(expect.arrayContaining([...expected]))
    expect(lines.at(-1)).toEqual(expected.at(-1))
  })
})
