import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from 'vitest/config'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const source = (path: string) => file(`./src/${path}`)

/** `#crypto` points at dist for users; the tests run the sources on either backend. */
const alias = (backend: 'node' | 'noble') => [
  { find: '#crypto', replacement: source(`wire/crypto/${backend}.ts`) },
  { find: /^rxpeer$/, replacement: source('index.ts') },
  { find: /^rxpeer\/wire$/, replacement: source('wire/index.ts') },
  { find: /^rxpeer\/behaviors$/, replacement: source('behaviors/index.ts') },
  { find: /^rxpeer\/node$/, replacement: source('transport/node.ts') },
  { find: /^rxpeer\/testing$/, replacement: source('testing/index.ts') },
]

const slow = ['test/interop/**', 'test/load/**', 'test/cli/**', 'test/examples/**', 'test/tooling/**']

/** The folder of vectors as the module `virtual:vectors`, for tests without a file system. */
function vectorsModule(): NonNullable<ViteUserConfig['plugins']>[number] {
  const folder = process.env['RXPEER_VECTORS'] ?? file('../shared/vectors')
  const read = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [path.slice(folder.length + 1), readFileSync(path, 'base64')] as const)
  return {
    name: 'vectors',
    resolveId: id => (id === 'virtual:vectors' ? '\0virtual:vectors' : undefined),
    load(id) {
      if (id !== '\0virtual:vectors') return undefined
      if (existsSync(folder)) return `export default ${JSON.stringify(Object.fromEntries(read()))}`
      console.warn(`SKIPPED: the vector tests need the folder of vectors (${folder}); set RXPEER_VECTORS`)
      return 'export default undefined'
    },
  }
}

/** The wire tests in a real browser, where one is installed. */
function browserProjects(): TestProjectConfiguration[] {
  const executablePath = process.env['RXPEER_CHROMIUM'] ?? '/usr/bin/chromium'
  if (!existsSync(executablePath)) {
    console.warn(`SKIPPED: the browser tests need Chromium (${executablePath}); set RXPEER_CHROMIUM`)
    return []
  }
  // No sandbox, because the gate may run as root, and no traffic of the browser's own.
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  return [
    {
      plugins: [vectorsModule()],
      resolve: {
        alias: [
          ...alias('noble'),
          {
            find: /^(\.{1,2}\/)+(support\/)?vectors\.js$/,
            replacement: file('./test/support/vectors.browser.ts'),
          },
        ],
      },
      // Named, because what Vite finds only on the way makes it reload the page under the tests.
      optimizeDeps: { include: ['@noble/hashes/sha2.js', 'fast-check'] },
      test: {
        name: 'browser',
        include: ['test/wire/**/*.test.ts'],
        // OpenSSL's backend is what a browser does not have.
        exclude: ['test/wire/hash-node.test.ts'],
        // One page for all: a page for each file costs more than the tests, and wire keeps nothing between calls.
        isolate: false,
        // Behind all others: a browser takes the cores away from tests that wait for a socket.
        sequence: { groupOrder: 1 },
        testTimeout: 30_000,
        browser: {
          enabled: true,
          headless: true,
          screenshotFailures: false,
          provider: playwright({ launchOptions: { executablePath, args } }),
          instances: [{ browser: 'chromium' }],
        },
      },
    },
  ]
}

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
    projects: [
      {
        resolve: { alias: alias('node') },
        test: { name: 'unit', include: ['test/**/*.test.ts', 'marbles/**/*.marbles.ts'], exclude: slow },
      },
      {
        resolve: { alias: alias('noble') },
        test: { name: 'noble', include: ['test/wire/**/*.test.ts'] },
      },
      {
        resolve: { alias: alias('node') },
        test: {
          name: 'integration',
          include: slow.map(folder => `${folder}/*.test.ts`),
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      ...browserProjects(),
    ],
  },
})
