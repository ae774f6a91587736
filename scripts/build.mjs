// Builds dist/ from scratch, so that a deleted source leaves no stale module behind. With `--if-stale` only where dist/ is
// missing or older than a source: what runs on it may be running meanwhile.
//
// Three things come of src/: a module and its types for each source, for bundlers, which drop what is not imported
// module by module; the same code in a few files for Node, which takes half a millisecond for each file that it loads;
// and the command, with what it needs of RxJS inside.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const { exports, bin, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const main = bin.rxpeer
const sources = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs', 'src']

/** When a file, or anything below a folder, was last written; the folders themselves tell of what was deleted. */
function lastWritten(path) {
  const below = statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : []
  return Math.max(...['.', ...below].map(name => statSync(join(path, name)).mtimeMs))
}

function isFresh() {
  const built = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return sources.every(path => lastWritten(path) <= built)
}

function compile() {
  const tsc = spawnSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  })
  if (tsc.status !== 0) process.exit(tsc.status ?? 1)
}

/**
 * esbuild calls a class that speaks of itself `_Name` within, which its objects would show in every log. The name comes
 * back in as many characters, so that source maps hold; not by `keepNames`, which costs 256 bytes a closure.
 */
function withClassNames(code, path) {
  const strange = /\b(\w+) = class _(?!\1\b)\w+/.exec(code)
  if (strange) throw new Error(`${path} would lose the name of a class: ${strange[0]}`)
  const names = [...code.matchAll(/\b(\w+) = class _\1\b/g)].map(([, name]) => name)
  return names.reduce((text, name) => text.replace(new RegExp(`\\b_${name}\\b`, 'g'), ` ${name}`), code)
}

/** Bundles entries, given as sources by what they become without `.js`; what they share are files of its own. */
async function bundle(entryPoints, options) {
  const { outputFiles } = await build({
    entryPoints,
    outdir: '.',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'node20',
    tsconfig: 'tsconfig.build.json',
    sourcemap: true,
    // The sources are in the package.
    sourcesContent: false,
    write: false,
    ...options,
    external: [
      'node:*',
      ...Object.keys(dependencies).flatMap(name => [name, `${name}/*`]),
      ...options.external,
    ],
  })
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, path.endsWith('.js') ? withClassNames(text, path) : text)
  }
}

/**
 * Each entry that has a form for Node. RxJS stays outside, since two copies of it would not share virtual time, and the
 * backend of hashes, since package.json says which one it is.
 */
function bundleLibrary() {
  const entries = Object.values(exports)
    .filter(({ node }) => node !== undefined)
    .map(({ node, types }) => [
      node.replace(/\.js$/, ''),
      types.replace(/^\.\/dist\//, './src/').replace(/\.d\.ts$/, '.ts'),
    ])
  return bundle(Object.fromEntries(entries), {
    platform: 'node',
    chunkNames: 'dist/node/shared/[hash]',
    external: ['rxjs', 'rxjs/*', '#crypto'],
  })
}

/** Nobody shares streams with the command, so it takes of RxJS what it uses, from the form that can be taken apart. */
async function bundleCommand() {
  await bundle(
    { [main.replace(/\.js$/, '')]: 'src/cli/main.ts' },
    { platform: 'neutral', conditions: ['es2015'], chunkNames: 'dist/cli/[name]-[hash]', external: [] },
  )
  copyFileSync('node_modules/rxjs/LICENSE.txt', 'dist/cli/LICENSE-rxjs.txt')
  chmodSync(main, 0o755)
}

if (!process.argv.includes('--if-stale') || !isFresh()) {
  rmSync('dist', { recursive: true, force: true })
  compile()
  await bundleLibrary()
  // Last: its main file tells when all was built.
  await bundleCommand()
}
