import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const project = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(`${project}README.md`, 'utf8')

function node(...words: string[]): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' })
  return { status: run.status, output: run.stdout + run.stderr }
}

describe('README', () => {
  it('has the table of messages that the package has', () => {
    expect(node('scripts/message-table.mjs', '--check')).toEqual({ status: 0, output: '' })
  })

  it('has code that compiles', () => {
    const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
    expect(blocks.length).toBeGreaterThanOrEqual(4)
    const folder = `${project}reports/readme`
    mkdirSync(folder, { recursive: true })
    for (const [i, code] of blocks.entries()) writeFileSync(`${folder}/block${i}.ts`, code)
    writeFileSync(
      `${folder}/tsconfig.json`,
      JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }),
    )
    const checked = node('node_modules/typescript7/bin/tsc', '-p', folder)
    rmSync(folder, { recursive: true })
    expect(checked).toEqual({ status: 0, output: '' })
  })

  it('names every option of a peer and every code that its table of ends promises', () => {
    const options = readFileSync(`${project}src/peer/options.ts`, 'utf8')
    const defaults = readFileSync(`${project}src/behaviors/defaults.ts`, 'utf8')
    const declared =
      options.slice(options.indexOf('interface PeerOptions'), options.indexOf('/** Behaviors by name')) +
      defaults
    const names = [...declared.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter(name => !readme.includes(`\`${name}\``))).toEqual([])
  })
})
