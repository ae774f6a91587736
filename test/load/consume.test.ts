import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  concatMap,
  firstValueFrom,
  lastValueFrom,
  map,
  mergeMap,
  ReplaySubject,
  range,
  take,
  timer,
  toArray,
} from 'rxjs'
import { acceptEach, consume, createNonces, type Endpoint, open, regtest } from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { expect, it } from 'vitest'
import { HIGH_WATER } from '../../src/peer/holds.js'
import { bigBlock } from './big-blocks.js'

const BLOCKS = 100
/** ms that a handler takes for a block. */
const WORK = 200
/** Handlers at work at the same time, so that the test takes seconds. */
const CONCURRENCY = 4
/** What is on its way besides what is held: a block being written, one being read, chunks of sockets. */
const ON_THE_WAY = 12_000_000

/** Blocks between two looks at the memory. */
const LOOK_EVERY = 8

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** Bytes of buffers that somebody still holds. */
function buffersInUse(): number {
  if (typeof collectGarbage !== 'function') throw new Error('no garbage collector')
  // Some buffers go only a round after the objects that held them.
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

it(`${BLOCKS} MB of blocks into a handler of ${WORK} ms stay below the mark in memory`, async () => {
  const block = bigBlock(1)
  const size = block.bytes.length + 24
  const listening$ = new ReplaySubject<Endpoint>(1)
  const serving = listen({ port: 0, listening: endpoint => listening$.next(endpoint) })
    .pipe(
      acceptEach({ network: regtest, nonces: createNonces() }),
      // One after the other, as they are really written: nothing piles up on this side.
      mergeMap(peer => range(BLOCKS).pipe(concatMap(() => peer.send({ command: 'block', block })))),
    )
    .subscribe({ error: console.error })
  try {
    const { host, port } = await firstValueFrom(listening$)
    const before = buffersInUse()
    await using peer = await open(tcp({ host, port }), { network: regtest, nonces: createNonces() })
    let delivered = 0
    let handled = 0
    let mostHeld = 0
    let mostInUse = 0
    peer.on('block').subscribe(() => {
      delivered += 1
      mostHeld = Math.max(mostHeld, (delivered - handled) * size)
    })
    const sizes = await lastValueFrom(
      peer.on('block').pipe(
        consume(
          peer,
          ({ block: received }) =>
            timer(WORK).pipe(
              map(() => {
                // Each look costs a collection.
                if (handled % LOOK_EVERY === 0) mostInUse = Math.max(mostInUse, buffersInUse() - before)
                handled += 1
                return received.bytes.length
              }),
            ),
          { concurrency: CONCURRENCY },
        ),
        take(BLOCKS),
        toArray(),
      ),
    )
    expect(sizes).toEqual(Array.from({ length: BLOCKS }, () => block.bytes.length))
    // The message that reaches the mark is the last one.
    expect(mostHeld).toBeLessThanOrEqual(HIGH_WATER + size)
    expect(mostHeld).toBeGreaterThan(HIGH_WATER / 2)
    expect(mostInUse).toBeLessThan(HIGH_WATER + size + ON_THE_WAY)
  } finally {
    serving.unsubscribe()
  }
}, 30_000)
