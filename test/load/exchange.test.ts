import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { combineLatest, firstValueFrom, map, type Observable, of, reduce, switchMap, take } from 'rxjs'
import { accept, connect, createNonces, type Peer, type PeerOptions, regtest } from 'rxpeer'
import type { Behavior } from 'rxpeer/behaviors'
import { chaos, memoryPair } from 'rxpeer/testing'
import type { Message } from 'rxpeer/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { bigBlock } from './big-blocks.js'

const worker = fileURLToPath(new URL('./exchange.worker.ts', import.meta.url))
const BLOCKS = 40
/** Bytes a second of those who read slowly. */
const SLOW = 10_000_000
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
function start(where: string, ...how: readonly string[]): () => Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', worker, where, `${BLOCKS}`, ...how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    return done ? 'ended' : value
  }
}

describe(`two processes that fetch ${BLOCKS} blocks of 1 MB from each other at the same time get all of them`, () => {
  it.each([
    ['from handlers that send', ['handler']],
    ['from behaviors whose answers are pulled', ['behavior']],
    ['from behaviors, and both read slowly', ['behavior', `${SLOW}`]],
  ])(
    '%s',
    async (_, how) => {
      const listener = start('listen', ...how)
      const [, port = ''] = /^port (\d+)$/.exec(await listener()) ?? []
      const dialler = start(port, ...how)
      expect(await Promise.all([listener(), dialler()])).toEqual([`got ${BLOCKS}`, `got ${BLOCKS}`])
    },
    60_000,
  )
})

/** Answers each getdata with a block of 1 MB for every entry, which are made when they are taken. */
const serve: Behavior = ({ on }) => on('getdata').pipe(map(({ inventory }) => blocksFor(inventory.length)))

function* blocksFor(count: number): Generator<Message> {
  for (let i = 0; i < count; i += 1) yield { command: 'block', block: bigBlock(i) }
}

/** Asks for all blocks in one message, and for all again in one each; completes when all are there. */
function askForAll(peer: Peer): Observable<number> {
  const entries = Array.from({ length: BLOCKS }, () => ({ type: 2, hash: new Uint8Array(32) }))
  peer.send({ command: 'getdata', inventory: entries })
  for (const entry of entries) peer.send({ command: 'getdata', inventory: [entry] })
  return peer.on('block').pipe(
    take(2 * BLOCKS),
    reduce(count => count + 1, 0),
  )
}

describe(`two peers in memory that serve each other twice ${BLOCKS} blocks by behaviors get all of them`, () => {
  it.each([
    ['as fast as they can', undefined],
    ['where both read slowly', 4 * SLOW],
  ])(
    '%s',
    async (_, throttle) => {
      const options = (): PeerOptions => ({ network: regtest, nonces: createNonces(), behaviors: { serve } })
      const [here, there] = memoryPair().map(connection => chaos(connection, { inbound: { throttle } }))
      if (here === undefined || there === undefined) throw new Error('a pair has two ends')
      const both$ = combineLatest([
        connect(of(here), options()).pipe(switchMap(askForAll)),
        accept(there, options()).pipe(switchMap(askForAll)),
      ])
      expect(await firstValueFrom(both$)).toEqual([2 * BLOCKS, 2 * BLOCKS])
    },
    60_000,
  )
})
