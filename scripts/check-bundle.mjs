// Bundles each entry of the built package as a browser would get it and prints its size. Fails where a module of Node is
// in it: the entries are those of package.json's exports, all but rxpeer/node. Fails as well where a bundler, for browsers
// or for Node, keeps more of an entry than what is imported. An argument names another package folder.
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const folder = resolve(process.argv[2] ?? '.')
const { name, exports: entries } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const nodeBackend = 'dist/wire/crypto/node.js'

/** Every module that the entry reaches, whether or not the minifier would keep it. */
async function bundle(path) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [path],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: [],
    // The paths of our tsconfig.json would send #crypto to the sources.
    tsconfigRaw: {},
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
    // rxjs is a peer dependency, so its size is the user's; node:* is left to be found and named below.
    external: ['rxjs', 'rxjs/testing', 'node:*'],
  })
  return { inputs: metafile.inputs, code: outputFiles[0].contents }
}

/** What a program that imports one thing of an entry may weigh, bytes, minified; whole, the entry is 15 kB and more. */
const alone = [
  { entry: './wire', name: 'toHex', most: 1_000 },
  { entry: './wire', name: 'Services', most: 1_000 },
  { entry: '.', name: 'toHex', most: 1_000 },
]

/** Bytes of a program that names one thing, found by the package's name as its users find it. */
async function weightAlone({ entry, name: thing }, platform) {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    stdin: { contents: `export { ${thing} } from '${join(name, entry)}'`, resolveDir: folder },
    bundle: true,
    format: 'esm',
    platform,
    tsconfigRaw: {},
    minify: true,
    write: false,
    logLevel: 'silent',
    external: ['rxjs', 'rxjs/testing'],
  })
  return outputFiles[0].contents.length
}

function faultsOf(inputs) {
  const faults = Object.keys(inputs).includes(nodeBackend) ? [`${nodeBackend} is in the bundle`] : []
  for (const [importer, { imports }] of Object.entries(inputs)) {
    const outside = imports.filter(
      ({ external, path }) => external && path !== 'rxjs' && path !== 'rxjs/testing',
    )
    for (const { path } of outside)
      faults.push(`${importer} imports ${path}${isBuiltin(path) ? ', a module of Node' : ''}`)
  }
  return faults
}

let failed = false
for (const [entry, target] of Object.entries(entries)) {
  if (entry === './node' || typeof target === 'string') continue
  const title = join(name, entry)
  try {
    const { inputs, code } = await bundle(target.default)
    const sizes = [code.length, gzipSync(code).length].map(bytes => `${(bytes / 1_000).toFixed(1)} kB`)
    console.log(`${title.padEnd(16)} ${sizes[0].padStart(9)} minified ${sizes[1].padStart(9)} gzipped`)
    for (const fault of faultsOf(inputs)) {
      console.error(`${title}: ${fault}`)
      failed = true
    }
  } catch (error) {
    // esbuild's own refusal, such as a bare `fs` that no package answers to.
    for (const { text, location } of error.errors ?? [{ text: String(error) }])
      console.error(`${title}: ${location ? `${location.file}: ` : ''}${text}`)
    failed = true
  }
}
for (const platform of ['browser', 'node'])
  for (const row of alone) {
    const bytes = await weightAlone(row, platform)
    if (bytes <= row.most) continue
    console.error(
      `${row.name} of ${join(name, row.entry)} alone draws ${bytes} bytes into a bundle for ${platform}`,
    )
    failed = true
  }
if (failed) process.exit(1)
