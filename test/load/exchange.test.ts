import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const worker = fileURLToPath(new URL('./exchange.worker.ts', import.meta.url))
const BLOCKS = 40
const started: ChildProcess[] = []

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
})

/** Starts a side of the exchange; its lines one by one. */
function start(where: string): () => Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', worker, where, `${BLOCKS}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    return done ? 'ended' : value
  }
}

it(`two processes that fetch ${BLOCKS} blocks of 1 MB from each other at the same time get all of them`, async () => {
  const listener = start('listen')
  const [, port = ''] = /^port (\d+)$/.exec(await listener()) ?? []
  const dialler = start(port)
  expect(await Promise.all([listener(), dialler()])).toEqual([`got ${BLOCKS}`, `got ${BLOCKS}`])
}, 60_000)
