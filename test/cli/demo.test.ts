import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { objects, rxpeer } from '../support/cli.js'

describe('rxpeer demo', () => {
  test('shows a node that mines and spends, and ends by itself', async () => {
    const { code, lines, stderr } = await rxpeer('demo').finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const text = lines.join('\n')
    expect(text).toMatch(/← headers +\d+ B {2}110: /)
    expect(text).toMatch(/← block +\d+ B {2}height 111 [0-9a-f]{64} 3 txs/)
    expect(text).toMatch(/← tx +\d+ B {2}[0-9a-f]{64} 1-in/)
    expect(lines.at(-1)).toMatch(
      /received 113 headers, 3 blocks and 6 transactions; the node is at height 113$/,
    )
  })

  test('keeps the contract of --json', async () => {
    const { code, lines, stderr } = await rxpeer('demo', '--json', '--command', 'headers', '--count', '2')
      .finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(objects(lines)).toMatchObject([
      { event: 'listening', host: '127.0.0.1' },
      { event: 'ready', direction: 'outbound', startHeight: 110 },
      { event: 'received', command: 'headers', message: { headers: { length: 110 } } },
      { event: 'received', command: 'headers', message: { headers: [{ version: expect.any(Number) }] } },
      { event: 'closed', by: 'local', code: 'disconnected', reason: 'ended by --count' },
    ])
  })

  test('runs on simnet for as long as it is told', async () => {
    const { code, lines } = await rxpeer('demo', '--network', 'simnet', '--for', '1.5').finished
    expect(code).toBe(0)
    expect(lines.at(-1)).toMatch(/the node is at height 110$/)
  })
})

test('npm start runs the command, by default the demo', async () => {
  const start = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))
  const run = (...words: readonly string[]) =>
    new Promise<{ code: number | null; stdout: string }>(resolve => {
      const child = spawn(process.execPath, [start, ...words])
      let stdout = ''
      child.stdout.setEncoding('utf8').on('data', chunk => {
        const isReady = stdout.includes('ready')
        stdout += chunk
        // Once: behind the end of the command nobody listens to signals any more.
        if (!isReady && stdout.includes('ready')) child.kill('SIGINT')
      })
      child.on('close', code => resolve({ code, stdout }))
    })
  expect(await run('--version')).toEqual({ code: 0, stdout: '0.1.0\n' })
  const demo = await run()
  expect(demo.code).toBe(0)
  expect(demo.stdout).toMatch(/ended by SIGINT[\s\S]*the node is at height 110\n$/)
})
