import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { filter, firstValueFrom, Observable, ReplaySubject, retry, Subscription, scan, take } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../src/peer/connect.js'
import { conversationFaults } from '../../src/peer/policy.js'
import { requestFaults } from '../../src/requests/request-error.js'
import { accounts } from '../../src/stream/ledger.js'
import { embeddedNode } from '../../src/testing/embedded-node.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { listen } from '../../src/transport/listen.js'
import { tcp } from '../../src/transport/tcp.js'
import { regtest } from '../../src/wire/network.js'
import { within } from '../interop/waiting.js'

const project = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(`${project}${path}`, 'utf8')
const readme = read('README.md')
const codeOf = (text: string) => [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
const blocks = codeOf(readme)
/** What is whole: the others are pieces of a test. */
const diagrams = codeOf(read('marbles/README.md')).filter(code => code.includes('import '))

mkdirSync(`${project}reports`, { recursive: true })
/** Below the project, so that the blocks find it and what it depends on. */
const folder = mkdtempSync(`${project}reports/readme-`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function node(...words: string[]): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' })
  return { status: run.status, output: run.stdout + run.stderr }
}

describe('README', () => {
  it('has the table of messages that the package has', () => {
    expect(node('scripts/message-table.mjs', '--check')).toEqual({ status: 0, output: '' })
  })

  it('has code that compiles, all of it, and so has that of marbles', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(8)
    expect(diagrams).toHaveLength(1)
    for (const [i, code] of [...blocks, ...diagrams].entries()) writeFileSync(`${folder}/block${i}.ts`, code)
    writeFileSync(
      `${folder}/tsconfig.json`,
      JSON.stringify({ extends: '../../tsconfig.json', include: ['block*.ts'] }),
    )
    expect(node('node_modules/typescript7/bin/tsc', '-p', folder)).toEqual({ status: 0, output: '' })
  })

  it('names every option of a peer', () => {
    const options = read('src/peer/options.ts')
    const declared =
      options.slice(options.indexOf('interface PeerOptions'), options.indexOf('/** Behaviors by name')) +
      read('src/behaviors/defaults.ts')
    const names = [...declared.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter(name => !readme.includes(`\`${name}\``))).toEqual([])
  })

  it('names every member of a peer in its table', () => {
    const [, table = ''] = readme.split('| member | |')
    const members = [...read('src/peer/peer.ts').matchAll(/^ {2}(?:readonly )?([\w$]+)[<(:]/gm)]
    expect(members.length).toBe(19)
    const [rows = ''] = table.split('\n\n')
    expect(members.map(([, name = '']) => name).filter(name => !rows.includes(`\`${name}`))).toEqual([])
  })

  it.each([
    ['our ends', Object.keys(endings())],
    ['offences', Object.keys(conversationFaults)],
    ['requests', Object.keys(requestFaults)],
    ['memory', Object.keys(accounts)],
  ])('names every code of %s', (_, codes) => {
    expect(codes.length).toBeGreaterThan(5)
    expect(codes.filter(code => !readme.includes(`\`${code}\``))).toEqual([])
  })

  it('draws the ways of a message through the files that the stack has', () => {
    const [, architecture = ''] = readme.split('## Architecture')
    const [, picture = ''] = architecture.split('```')
    const drawn = picture.split('\n\n').map(way => [...way.matchAll(/→ (\S+)/g)].map(([, file = '']) => file))
    // What test/peer/ways.test.ts expects to find on the stack.
    const lists = [...read('test/peer/ways.test.ts').matchAll(/\[((?:\s*'[a-z]+\/[\w-]+',?)+)\s*\]/g)]
    const seen = lists.map(([, list = '']) => [...list.matchAll(/'([^']+)'/g)].map(([, file = '']) => file))
    expect(seen).toHaveLength(3)
    const order = (ways: readonly (readonly string[])[]) => ways.map(way => way.join(' ')).sort()
    expect(order(drawn)).toEqual(order(seen))
  })
})

/** Ends that are nobody's fault, by code: what is in no other table. */
function endings(): Record<string, string> {
  const [, table = ''] = read('src/peer/close.ts').split('const endings = {')
  const [rows = ''] = table.split('\n}')
  return Object.fromEntries(
    [...rows.matchAll(/^ {2}'?([\w-]+)'?: '(.*)'/gm)].map(([, code, what]) => [code, what]),
  )
}

/** What a block writes to stdout and stderr, as it grows; unsubscribing ends it. */
function outputOf(name: string, code: string): Observable<string> {
  return new Observable<string>(subscriber => {
    writeFileSync(`${folder}/${name}.ts`, code)
    const child = spawn(`${project}node_modules/.bin/tsx`, [`${folder}/${name}.ts`], { cwd: project })
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding('utf8')
      pipe.on('data', (text: string) => subscriber.next(text))
    }
    child.on('close', () => subscriber.complete())
    return () => child.kill()
  }).pipe(scan((all, text) => all + text, ''))
}

describe('the code of README', () => {
  const running = new Subscription()
  const port$ = new ReplaySubject<number>(1)

  beforeAll(() => {
    const remote = embeddedNode({ random: seededRandom(1), schedule: { mine: 250, spend: 200 } })
    const served$ = remote.serve(listen({ port: 0, listening: ({ port }) => port$.next(port) }))
    running.add(served$.subscribe({ error: error => port$.error(error) }))
  })
  afterAll(() => running.unsubscribe())

  const found = (mark: string): string => {
    const [code, ...others] = blocks.filter(block => block.includes(mark))
    if (code === undefined || others.length > 0) throw new Error(`not one block has ${mark}`)
    return code.replaceAll('mainnet', 'regtest')
  }

  it.each([
    ['the first pipeline', "ofCommand('inv')", /^\d+\n/],
    ['for people who await', 'await using', /^true\n$/],
    ['asking', 'last()', /^[0-9a-f]{64} \d+\n$/],
    ['a mempool monitor', 'fetchAnnounced', /^[0-9a-f]{64} 381\n/],
    ['following a chain', 'startWith', /^\d{3}\n\d{3}\n/],
    ['the embedded node', 'embeddedNode', /^1\n/],
  ])('runs: %s', async (name, mark, output) => {
    const port = await firstValueFrom(port$)
    const code = found(mark).replace(/port: \d+/, `port: ${port}`)
    const said$ = outputOf(name.replaceAll(' ', '-'), code).pipe(filter(text => output.test(text)))
    expect(await within(`output of ${name}`, said$, 30_000)).toMatch(output)
  })

  it.each([
    ['the other side', 'error => console.warn', /\/rxpeer:.*\/\n$/],
    ['answers that are pulled', 'function*', /\/rxpeer:.*\/\n$/],
    ['a budget of memory', 'createMemoryBudget(', /^\d+ \d+\n$/],
  ])('runs, and is listened to: %s', async (name, mark, output) => {
    // Any free port; the block tells which, before it says what it says.
    const told = 'port: 0, listening: ({ port }) => console.log(port, "listens")'
    const code = found(mark)
      .replace(/port: \d+/, told)
      .replace('0.0.0.0', '127.0.0.1')
    const said$ = new ReplaySubject<string>(1)
    const child = outputOf(name.replaceAll(' ', '-'), code).subscribe(said$)
    const listening = await within(
      `${name} listens`,
      said$.pipe(filter(text => text.includes('listens'))),
      30_000,
    )
    const port = Number(/(\d+) listens/.exec(listening)?.[1])
    const peer = connect(tcp({ host: '127.0.0.1', port }), { network: regtest })
      .pipe(retry({ count: 2 }))
      .subscribe({ error: error => said$.error(error) })
    const rest = /listens\n(.+\n)$/s
    const greeted$ = said$.pipe(
      filter(text => rest.test(text)),
      take(1),
    )
    expect(rest.exec(await within(`output of ${name}`, greeted$))?.[1]).toMatch(output)
    peer.unsubscribe()
    child.unsubscribe()
  })
})
