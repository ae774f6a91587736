import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { messageTypes } from '../../src/wire/messages.js'

// What CONTRIBUTING.md says of adding a message, a behavior, a request and a transport, done in a copy of the project:
// nothing is touched but what it names, and the checks pass.

const project = fileURLToPath(new URL('../..', import.meta.url))
const contributing = readFileSync(join(project, 'CONTRIBUTING.md'), 'utf8')

/** One thing to add. */
interface Recipe {
  /** How its paragraph begins. */
  readonly letter: string
  /** New files, and what is in them. */
  readonly files: Readonly<Record<string, string>>
  /** Lines for files that are there: behind the line that `behind` finds, or at the top. */
  readonly lines: readonly { readonly file: string; readonly line: string; readonly behind?: RegExp }[]
}

const message: Recipe = {
  letter: 'A message',
  files: {
    'src/wire/messages/getpkgtxns.ts': `
import { hash, view } from '../codec.js'
import type { Hash } from '../hash.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Asks for the transactions of a package (BIP331, draft). */
export interface GetPkgTxnsMessage {
  readonly command: 'getpkgtxns'
  /** Their wtxids, wire order, at most 100. */
  readonly wtxids: List<Hash>
}

export const getpkgtxns = messageType<GetPkgTxnsMessage>({
  command: 'getpkgtxns',
  bips: [331],
  minVersion: protocolVersions.wtxidRelay,
  maxLength: 1 + 100 * 32,
  fields: { wtxids: view(hash, 100) },
})
`,
    'test/wire/messages/getpkgtxns.test.ts': `
import { describeMessage } from '../../support/message-suite.js'

const one = '11'.repeat(32)

describeMessage('getpkgtxns', {
  message: { command: 'getpkgtxns', wtxids: [new Uint8Array(32).fill(0x11)] },
  payload: \`01\${one}\`,
  plain: { wtxids: [one] },
  row: { bips: [331], direction: 'both', minVersion: 70_016, shortId: undefined, maxLength: 3_201 },
  payloads: [
    ['none', 'ok', '00'],
    ['100', 'ok', \`64\${one.repeat(100)}\`],
    ['a count of 101', 'too-many', '65'],
  ],
})
`,
  },
  lines: [
    { file: 'src/wire/messages.ts', line: "import { getpkgtxns } from './messages/getpkgtxns.js'" },
    { file: 'src/wire/messages.ts', line: '  getpkgtxns,', behind: /^export const messageTypes = \{$/m },
    {
      file: 'src/wire/index.ts',
      line: "export type { GetPkgTxnsMessage } from './messages/getpkgtxns.js'",
      behind: /^export type \{ GetHeadersMessage \}.*$/m,
    },
    {
      file: 'test/support/arbitraries.ts',
      line: "  getpkgtxns: fc.record({ command: fc.constant('getpkgtxns'), wtxids: fc.array(hash, { maxLength: 9 }) }),",
      behind: /^export const messageArbitraries\b.*= \{$/m,
    },
  ],
}

const behavior: Recipe = {
  letter: 'A behavior',
  files: {
    'src/behaviors/refuse-alerts.ts': `
import { map } from 'rxjs'
import { RejectCode } from '../wire/messages/reject.js'
import type { Behavior } from './behavior.js'

/** Answers every alert with reject: the keys that signed them are public. */
export const refuseAlerts: Behavior = ({ on }) =>
  on('alert').pipe(
    map(({ command }) => ({ command: 'reject', rejected: command, code: RejectCode.obsolete, reason: 'retired' })),
  )
`,
    'marbles/refuse-alerts.marbles.ts': `
import { describe, it } from 'vitest'
import { commandsOf, peerInDiagram } from '../src/testing/in-diagram.js'
import { marbles } from '../src/testing/marbles.js'

const values = { a: { command: 'alert', payload: new Uint8Array(), signature: new Uint8Array() } } as const

describe('refuseAlerts', () => {
  it(
    'answers each alert at once, until the peer ends',
    marbles(helpers => {
      const { sent$ } = peerInDiagram(helpers, '-a--aa|', values)
      helpers.expectObservable(commandsOf(sent$)).toBe('-r--rr|', { r: 'reject' })
    }),
  )
})
`,
  },
  lines: [
    { file: 'src/behaviors/defaults.ts', line: "import { refuseAlerts } from './refuse-alerts.js'" },
    {
      file: 'src/behaviors/defaults.ts',
      line: '  refuseAlerts: () => refuseAlerts,',
      behind: /^const rows = \{$/m,
    },
    {
      file: 'src/behaviors/index.ts',
      line: "export { refuseAlerts } from './refuse-alerts.js'",
      behind: /^export \{ pong \}.*$/m,
    },
  ],
}

const request: Recipe = {
  letter: 'A request',
  files: {
    'src/requests/get-mempool.ts': `
import { map, type Observable, pipe } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import type { Inventory } from '../wire/inventory.js'
import type { List } from '../wire/list.js'
import { request } from './request.js'
import type { RequestOptions } from './request-options.js'

/** Asks for the transactions that wait in the remote's mempool (BIP35). Errors as \`request\` does. */
export function getMempool(peer: Peer, options?: RequestOptions): Observable<List<Inventory>> {
  const answer = pipe(
    ofCommand('inv'),
    map(({ inventory }) => inventory),
  )
  return request(peer, { command: 'mempool' }, answer, options)
}
`,
    'marbles/get-mempool.marbles.ts': `
import { map } from 'rxjs'
import { describe, it } from 'vitest'
import { getMempool } from '../src/requests/get-mempool.js'
import { commandsOf, peerInDiagram } from '../src/testing/in-diagram.js'
import { marbles } from '../src/testing/marbles.js'
import { invMessage } from '../src/testing/messages.js'

describe('getMempool', () => {
  it(
    'asks, and emits what the remote announces',
    marbles(helpers => {
      const { peer, sent$ } = peerInDiagram(helpers, '---i', { i: invMessage() })
      const lengths$ = getMempool(peer).pipe(map(({ length }) => length))
      helpers.expectObservable(lengths$).toBe('---(n|)', { n: 1 })
      helpers.expectObservable(commandsOf(sent$)).toBe('m', { m: 'mempool' })
    }),
  )
})
`,
  },
  lines: [
    {
      file: 'src/index.ts',
      line: "export { getMempool } from './requests/get-mempool.js'",
      behind: /^export \{.*\bgetHeaders \}.*$/m,
    },
  ],
}

const transport: Recipe = {
  letter: 'A transport',
  files: {
    'src/transport/loopback.ts': `
import type { Connection } from '../stream/connection.js'
import { memoryPair } from './memory.js'

/** Both ends of a connection within the process. */
export function loopback(): readonly [Connection, Connection] {
  return memoryPair()
}
`,
    'test/transport/loopback.test.ts': `
import { loopback } from '../../src/transport/loopback.js'
import { connectionContract } from './contract.js'

connectionContract('loopback', async () => loopback())
`,
  },
  lines: [
    {
      file: 'src/transport/node.ts',
      line: "export { loopback } from './loopback.js'",
      behind: /^export \{.*\blisten\b.*$/m,
    },
  ],
}

const recipes = [message, behavior, request, transport]
const touched = recipes.flatMap(({ files, lines }) => [
  ...Object.keys(files),
  ...lines.map(({ file }) => file),
])

const copy = mkdtempSync(join(tmpdir(), 'rxpeer-recipes-'))
const leftOut = new Set(['node_modules', 'dist', 'docs', 'reports', 'coverage', '.git'])

function run(command: string, ...words: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: copy, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

const node = (...words: readonly string[]) => run(process.execPath, ...words)
/** Tests of all rows of a table at once. */
const throughTables = [
  'test/peer/options.test.ts',
  'test/peer/reading.test.ts',
  'test/wire/format.test.ts',
  'test/wire/messages.test.ts',
  'test/wire/properties.test.ts',
]

/** What is read here of vitest's report. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly { readonly failureMessages: readonly string[] }[]
  }[]
}

const good = { status: 0, output: expect.any(String) }

function follow({ files, lines }: Recipe): void {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(copy, file), text.trimStart())
  for (const { file, line, behind } of lines) {
    const text = readFileSync(join(copy, file), 'utf8')
    const found = behind === undefined ? undefined : behind.exec(text)
    if (found === null) throw new Error(`${file}: no place for "${line}"`)
    const at = found === undefined ? 0 : found.index + found[0].length + 1
    writeFileSync(join(copy, file), `${text.slice(0, at)}${line}\n${text.slice(at)}`)
  }
}

beforeAll(() => {
  cpSync(project, copy, { recursive: true, filter: path => !leftOut.has(basename(path)) })
  symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'))
  for (const recipe of recipes) follow(recipe)
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

describe('to add', () => {
  it.each(recipes)('$letter: each file that is touched is named, or has its folder named', recipe => {
    const [, rest = ''] = contributing.split(`**${recipe.letter}.** `)
    const [paragraph = ''] = rest.split('\n\n')
    const named = (path: string) => paragraph.includes(`\`${path}\``)
    expect(recipe.lines.map(({ file }) => file).filter(file => !named(file))).toEqual([])
    expect(Object.keys(recipe.files).filter(file => !named(dirname(file)))).toEqual([])
  })
})

describe('after all of them', () => {
  it('the formatter puts the lines in order, and the linter has nothing to say of the files', () => {
    const biome = join(copy, 'node_modules/.bin/biome')
    expect(run(biome, 'check', '--write', '--error-on-warnings', '--vcs-enabled=false', ...touched)).toEqual(
      good,
    )
  })

  it('the compiler asks for nothing more', () => {
    expect(node('node_modules/typescript7/bin/tsc', '--noEmit', '-p', '.')).toEqual({ status: 0, output: '' })
  })

  it('the README is written by its script', () => {
    expect(node('scripts/build.mjs')).toEqual(good)
    expect(node('scripts/message-table.mjs', '--check').status).toBe(1)
    expect(node('scripts/message-table.mjs')).toEqual({ status: 0, output: '' })
    expect(readFileSync(join(copy, 'README.md'), 'utf8')).toContain('| `getpkgtxns` | 331 |')
  })

  it('what was added is tested, and the tests that go through the tables take it', () => {
    const added = touched.filter(file => /\.(test|marbles)\.ts$/.test(file))
    node('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', ...added, ...throughTables)
    const { testResults }: Report = JSON.parse(readFileSync(join(copy, 'reports/tests.json'), 'utf8'))
    const passed = testResults
      .filter(({ status }) => status === 'passed')
      .map(({ name }) => relative(copy, name))
    const failures = testResults
      .flatMap(({ message, assertionResults }) => [
        message,
        ...assertionResults.flatMap(one => one.failureMessages),
      ])
      .filter(text => text !== '')
    expect(failures).toEqual([])
    expect(passed.sort()).toEqual([...added, ...throughTables].sort())
  })
})

describe('every message of the table', () => {
  it('has its facts in a file of its own, or is a row of messages.test.ts', () => {
    const table = readFileSync(join(project, 'test/wire/messages.test.ts'), 'utf8')
    const described = (command: string) => existsSync(join(project, `test/wire/messages/${command}.test.ts`))
    const isRow = (command: string) => table.includes(`\n  ${command}: {`)
    const bare = Object.keys(messageTypes).filter(command => !described(command) && !isRow(command))
    expect(bare).toEqual([])
  })
})
