import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

/** `#crypto` points at dist for users; the tests run the sources on either backend. */
const alias = (backend: 'node' | 'noble') => [
  { find: '#crypto', replacement: source(`wire/crypto/${backend}.ts`) },
  { find: /^rxpeer$/, replacement: source('index.ts') },
  { find: /^rxpeer\/wire$/, replacement: source('wire/index.ts') },
  { find: /^rxpeer\/node$/, replacement: source('transport/node.ts') },
  { find: /^rxpeer\/testing$/, replacement: source('testing/index.ts') },
]

const slow = ['test/interop/**', 'test/cli/**', 'test/examples/**', 'test/tooling/**']

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
    ],
  },
})
