/** Builds the contestants, each once, and says who is absent. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Program } from './contestant.js'

const bench = fileURLToPath(new URL('../', import.meta.url))
const builds = join(bench, '.build')

/** A folder for one run: contestants in JavaScript, and inputs. */
export function makeFolder(): string {
  mkdirSync(builds, { recursive: true })
  return mkdtempSync(join(builds, 'run-'))
}

function lastWritten(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return Math.max(...files.map(file => statSync(join(folder, file)).mtimeMs))
}

/** Runs a builder where its product is missing or older than the sources; answers whether the product is there. */
function make(product: string, folder: string, [command, ...args]: readonly [string, ...string[]]): boolean {
  const path = join(builds, product)
  if (existsSync(path) && statSync(path).mtimeMs >= lastWritten(join(bench, folder))) return true
  console.error(`building ${folder} with ${command} …`)
  const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' }
  const { error, status, stderr } = spawnSync(command, args, {
    cwd: join(bench, folder),
    env,
    encoding: 'utf8',
  })
  if (status === 0) spawnSync('touch', [path])
  else console.error(error?.message ?? stderr)
  return status === 0
}

const native = {
  go: {
    product: 'go',
    folder: 'go',
    command: ['go', 'build', '-trimpath', '-o', '../.build/go', '.'],
  },
  rust: {
    product: 'rust/release/contestant',
    folder: 'rust',
    command: ['cargo', 'build', '--release', '--locked', '--quiet', '--target-dir', '../.build/rust'],
  },
} as const

/** Contestants that are packages of npm: the file that does their rows. */
const packages = {
  'bitcoinjs-lib': 'bitcoinjs',
  bcoin: 'bcoin',
  '@scure/btc-signer': 'scure',
  'bitcore-lib': 'bitcore',
} as const

/** As much of a package.json as says where things are. */
interface Manifest {
  readonly exports: { readonly [entry: string]: string | { readonly [condition: string]: string } }
  readonly bin: { readonly [name: string]: string }
}

/** What Node looks for in `exports`. */
const conditions = new Set(['node', 'import', 'default'])

/**
 * Where a build of rxpeer has what the contestants use, by the package.json beside the build. Looked up here and not by
 * `require.resolve`, which under tsx answers with the sources.
 */
function placesOf(dist: string) {
  const root = join(dist, '..')
  const { exports, bin }: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entry = (name: string) => {
    const targets = exports[name.replace(/^rxpeer/, '.')] ?? {}
    const found =
      typeof targets === 'string'
        ? targets
        : Object.entries(targets).find(([condition]) => conditions.has(condition))?.[1]
    if (found === undefined) throw new Error(`${root} has no entry ${name}`)
    return join(root, found)
  }
  const rxjs = createRequire(join(dist, 'index.js')).resolve('rxjs')
  return {
    resolve: (name: string) => (name === 'rxjs' ? rxjs : entry(name)),
    /** For the rows of starting. */
    build: { index: entry('rxpeer'), rxjs, cli: join(root, bin['rxpeer'] ?? '') },
  }
}

type Places = ReturnType<typeof placesOf>

/** Leaves imports of rxpeer to a build, and those of RxJS to the copy that this build uses. */
const buildIn = ({ resolve }: Places): Plugin => ({
  name: 'rxpeer',
  setup({ onResolve }) {
    onResolve({ filter: /^(rxpeer(\/.*)?|rxjs)$/ }, ({ path }) => ({ path: resolve(path), external: true }))
  },
})

async function transpile(folder: string, file: string, dist: string): Promise<Program> {
  const places = placesOf(resolve(dist))
  await build({
    entryPoints: [join(bench, 'contestants', `${file}.ts`)],
    outfile: join(folder, `${file}.mjs`),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    define: { RXPEER_BUILD: JSON.stringify(places.build) },
    logLevel: 'error',
    plugins: [buildIn(places)],
  })
  return {
    command: process.execPath,
    arguments: ['--expose-gc', join(folder, `${file}.mjs`)],
    // What bcoin runs on without a compiler.
    env: { NODE_BACKEND: 'js' },
  }
}

/** Whether a package can be imported: from here, or from the project around. */
const isThere = (name: string) =>
  ['node_modules', '../node_modules'].some(modules => existsSync(join(bench, modules, name)))

function installPackages(): void {
  if (existsSync(join(bench, 'node_modules'))) return
  console.error('installing what rxpeer is measured beside …')
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: bench,
    encoding: 'utf8',
  })
  if (status !== 0) console.error(stderr)
}

/** Who is to be measured, and which builds of rxpeer. */
export interface Wanted {
  readonly dist: string
  /** Another build, to be measured beside it. */
  readonly against?: string | undefined
  readonly rivals: ReadonlySet<string>
  /** Whether packages that are not there may be fetched. */
  readonly install: boolean
}

/** Everyone wanted who can be measured here, by name. */
export async function contestants(
  folder: string,
  { dist, against, rivals, install }: Wanted,
): Promise<Map<string, Program>> {
  const all = new Map<string, Program>()
  for (const file of ['rxpeer', 'server', 'raw', 'plain']) {
    all.set(file, await transpile(folder, file, dist))
  }
  if (against !== undefined) {
    const beside = join(folder, 'against')
    mkdirSync(beside)
    all.set('against', await transpile(beside, 'rxpeer', against))
  }
  for (const [name, { product, folder: sources, command }] of Object.entries(native)) {
    if (!rivals.has(name)) continue
    if (make(product, sources, command)) all.set(name, { command: join(builds, product), arguments: [] })
  }
  const wanted = Object.entries(packages).filter(([name]) => rivals.has(name))
  if (install && wanted.length > 0) installPackages()
  for (const [name, file] of wanted) {
    if (isThere(name)) all.set(name, await transpile(folder, file, dist))
  }
  return all
}
