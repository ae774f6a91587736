import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The package as its users get it: packed, unpacked beside what it depends on, compiled against and run.

const project = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rxpeer-package-'))
const installed = join(folder, 'node_modules/rxpeer')

function run(
  command: string,
  words: readonly string[],
  cwd: string,
): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

const node = (...words: readonly string[]) => run(process.execPath, words, folder)

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}

/** Files below a folder of the package, as paths in it. */
const filesIn = (part: string) =>
  readdirSync(join(installed, part), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(installed.length + 1))

/** Where an entry leads. */
interface Targets {
  readonly module: string
  readonly node: string
  readonly default: string
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Targets>>
  readonly dependencies: Readonly<Record<string, string>>
}

const manifest = (): Manifest => JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))

/** Where `rxpeer/wire` and the like lead. */
function targetsOf(entry: string): Targets {
  const targets = manifest().exports[entry.replace('rxpeer', '.')]
  if (targets === undefined || typeof targets === 'string') throw new Error(`no entry ${entry}`)
  return targets
}

beforeAll(() => {
  mkdirSync(installed, { recursive: true })
  // Without its scripts: other tests run what is in dist/ meanwhile.
  const packed = run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], project)
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error(packed.output)
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed], folder)
  for (const name of [...Object.keys(manifest().dependencies), 'rxjs', 'tslib', 'base64-js', 'ieee754']) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(project, 'node_modules', name), join(folder, 'node_modules', name))
  }
  write({ 'package.json': '{"type":"module"}' })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tarball', () => {
  it('runs nothing when it is installed', () => {
    const ofInstall = /^(pre|post)?(install|prepare|publish)$|^prepublish(Only)?$/
    expect(Object.keys(manifest().scripts).filter(name => ofInstall.test(name))).toEqual([])
  })

  it('has the built code, the sources, and nothing of how they are tested', () => {
    expect(readdirSync(installed).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
      'src',
    ])
  })

  it('leads from every built file back to its sources', () => {
    const built = filesIn('dist').filter(name => /\.js$|\.d\.ts$/.test(name))
    expect(built.length).toBeGreaterThan(300)
    const astray = built.filter(name => {
      if (!existsSync(join(installed, `${name}.map`))) return true
      const sources = sourcesOf(name)
      // The command holds RxJS, whose sources are its own package's.
      const ours = sources.filter(source => !source.includes('node_modules/'))
      const one = ours.length === 1 || /^dist\/(node|cli)\//.test(name)
      return !one || !ours.every(source => existsSync(join(installed, dirname(name), source)))
    })
    expect(astray).toEqual([])
  })

  it.each(Object.keys(programs))(
    'calls functions and classes of %s the same in the files for Node',
    entry => {
      const { module, node: bundled } = targetsOf(entry)
      write({
        'names.js': `
        for (const path of ['${module}', '${bundled}']) {
          const functions = Object.entries(await import('./node_modules/rxpeer/' + path))
            .filter(([, value]) => typeof value === 'function')
          console.log(functions.map(([key, value]) => key + ':' + value.name).sort().join())
        }`,
      })
      const { status, output } = node('names.js')
      const [plain, fast] = output.split('\n')
      expect({ status, fast }).toEqual({ status: 0, fast: plain })
    },
  )

  it('loads few files into Node', () => {
    expect(filesIn('dist/node').filter(name => name.endsWith('.js')).length).toBeLessThan(20)
  })

  it('has a command that reads its arguments before it loads what runs', () => {
    const loaded = new Set<string>(['main.js'])
    for (const name of loaded) {
      const code = readFileSync(join(installed, 'dist/cli', name), 'utf8')
      for (const [, next = ''] of code.matchAll(/^(?:import|\}) .*"\.\/(.+)";$/gm)) loaded.add(next)
    }
    const sources = [...loaded].flatMap(name => sourcesOf(`dist/cli/${name}`))
    expect(sources.some(source => source.endsWith('/src/cli/options.ts'))).toBe(true)
    expect(
      sources.filter(source => /\/src\/(peer\/connect|transport\/tcp|cli\/roster)\.ts$/.test(source)),
    ).toEqual([])
  })

  it('has the command in one piece: it runs without RxJS beside it, and says whose code it holds', () => {
    const bundled = filesIn('dist/cli').filter(name => name.endsWith('.js'))
    const code = bundled.map(name => readFileSync(join(installed, name), 'utf8')).join('\n')
    expect(code).not.toMatch(/from ["']rxjs/)
    expect(filesIn('dist/cli')).toContain('dist/cli/LICENSE-rxjs.txt')
  })

  it('so that Node names the line of the source where something was thrown', () => {
    write({ 'throws.js': "import { fromHex } from 'rxpeer/wire'\nfromHex('xyz')\n" })
    const { status, output } = node('--enable-source-maps', 'throws.js')
    expect(status).toBe(1)
    const [, line] = /at fromHex \(.*\/rxpeer\/src\/wire\/hex\.ts:(\d+):\d+\)/.exec(output) ?? []
    const lines = readFileSync(join(project, 'src/wire/hex.ts'), 'utf8').split('\n')
    const declared = lines.findIndex(text => text.startsWith('export function fromHex')) + 1
    expect(Number(line)).toBeGreaterThan(declared)
    expect(Number(line)).toBeLessThan(declared + 10)
  })
})

/** What a built file was made of, as paths from its folder. */
function sourcesOf(name: string): readonly string[] {
  const { sources }: { sources: readonly string[] } = JSON.parse(
    readFileSync(join(installed, `${name}.map`), 'utf8'),
  )
  return sources
}

/** What a program does with each entry, and what it prints. */
const programs: Readonly<Record<string, { readonly code: string; readonly prints: string }>> = {
  rxpeer: {
    code: `
      import { connect, createNonces, mainnet, ofCommand, PeerError } from 'rxpeer'
      import { EMPTY } from 'rxjs'
      connect(EMPTY, { nonces: createNonces() }).pipe(ofCommand('inv')).subscribe({
        error: error => console.log(mainnet.name, error instanceof PeerError && error.code),
      })`,
    prints: 'mainnet connection-failed\n',
  },
  'rxpeer/wire': {
    code: `
      import { decodeMessage, encodeMessage, sha256d, toHex } from 'rxpeer/wire'
      const { nonce } = decodeMessage('ping', encodeMessage({ command: 'ping', nonce: 7n }))
      console.log(nonce, toHex(sha256d(new Uint8Array())).slice(-8))`,
    prints: '7n e2e0f65d\n',
  },
  'rxpeer/behaviors': {
    code: `
      import { of } from 'rxjs'
      import { pong } from 'rxpeer/behaviors'
      pong({ protocolVersion: 70016, on: () => of({ command: 'ping', nonce: 7n }) }).subscribe(console.log)`,
    prints: "{ command: 'pong', nonce: 7n }\n",
  },
  'rxpeer/node': {
    code: `
      import { switchMap, take } from 'rxjs'
      import { listen, tcp } from 'rxpeer/node'
      const listening = ({ port }) =>
        tcp({ host: '127.0.0.1', port }).subscribe(connection => connection.write(Uint8Array.of(1, 2)))
      listen({ port: 0, listening })
        .pipe(switchMap(({ bytes$ }) => bytes$), take(1))
        .subscribe(bytes => { console.log(bytes); process.exit() })`,
    prints: 'Uint8Array(2) [ 1, 2 ]\n',
  },
  'rxpeer/testing': {
    code: `
      import { firstValueFrom } from 'rxjs'
      import { open, regtest } from 'rxpeer'
      import { embeddedNode } from 'rxpeer/testing'
      const node = embeddedNode({ blocks: 2 })
      const peer = await open(node.dial, { network: regtest })
      console.log(peer.version.startHeight)
      peer.disconnect()`,
    prints: '2\n',
  },
}

/** Uses of the types that have once failed to compile. */
const typed = `
  import type { Peer } from 'rxpeer'
  export const close = async (peer: Peer) => { await using _ = peer }
  export const later = (peer: Peer) => peer[Symbol.asyncDispose]()
`

/** The native compiler, and the classic one that most programs are still compiled by. */
type Compiler = 'typescript7' | 'typescript'

/** Compiles a program against the types of the package, all of them checked, with the web's own types around. */
function compile(
  compiler: Compiler,
  entries: readonly string[],
  more: object = {},
): { status: number | null; output: string } {
  write({
    'program.ts': `${entries.map((entry, i) => `export * as entry${i} from '${entry}'`).join('\n')}\n${typed}`,
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022', 'dom'],
        module: 'nodenext',
        types: [],
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        ...more,
      },
      files: ['program.ts'],
    }),
  })
  return node(join(project, 'node_modules', compiler, 'bin/tsc'), '-p', '.')
}

describe('its entries', () => {
  const entries = Object.keys(programs)

  it('are all tried here', () => {
    const declared = Object.keys(manifest().exports).filter(path => path !== './package.json')
    expect(declared.map(path => join('rxpeer', path)).sort()).toEqual([...entries].sort())
  })

  it.each(Object.entries(programs))('%s runs', (_, { code, prints }) => {
    write({ 'program.js': code })
    expect(node('program.js')).toEqual({ status: 0, output: prints })
  })

  it.each<[string, Compiler, object]>([
    ['as Node resolves it', 'typescript7', {}],
    ['by the classic compiler', 'typescript', {}],
    ['as bundlers resolve it', 'typescript7', { module: 'esnext', moduleResolution: 'bundler' }],
    ['at the strictest', 'typescript7', { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true }],
  ])('compile without the types of Node and with every declaration checked, %s', (_, compiler, options) => {
    expect(compile(compiler, entries, options)).toEqual({ status: 0, output: '' })
  })

  it('compile all of them where the types of Node are there', () => {
    const typeRoots = [join(project, 'node_modules/@types')]
    expect(compile('typescript7', entries, { types: ['node'], typeRoots })).toEqual({ status: 0, output: '' })
  })
})

describe('a fresh clone', () => {
  it('is built by npm start, and only where it is not built yet', () => {
    const clone = join(folder, 'clone')
    mkdirSync(clone)
    for (const part of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts', 'src'])
      cpSync(join(project, part), join(clone, part), { recursive: true })
    symlinkSync(join(project, 'node_modules'), join(clone, 'node_modules'))
    const start = () => run('npm', ['start', '--silent', '--', '--version'], clone)
    const built = join(clone, 'dist/index.js')
    expect(start()).toEqual({ status: 0, output: '0.1.0\n' })
    writeFileSync(built, 'kept')
    expect(start()).toEqual({ status: 0, output: '0.1.0\n' })
    expect(readFileSync(built, 'utf8')).toBe('kept')
    rmSync(join(clone, 'src/index.ts'))
    start()
    expect(existsSync(built)).toBe(false)
  })
})
