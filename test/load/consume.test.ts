import {
  concatMap,
  firstValueFrom,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  type Observable,
  ReplaySubject,
  range,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs'
import {
  acceptEach,
  type Connection,
  consume,
  createNonces,
  type Endpoint,
  open,
  type Peer,
  pingOnce,
  regtest,
} from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.js'
import { collected } from '../support/garbage.js'
import { bigBlock } from './big-blocks.js'

const BLOCKS = 100
/** ms that a handler takes for a block. */
const WORK = 200
/** Handlers at work at the same time, so that the test takes seconds. */
const CONCURRENCY = 4
/** Bytes that handlers may hold, and that may wait for them; one message more each. */
const MARK = 5_000_000
/** Bytes that are on their way besides: a block being written, one being read, chunks of sockets. */
const ON_THE_WAY = 8_000_000
/** Blocks between two looks at the memory: each costs a collection. */
const LOOK_EVERY = 8

/** Bytes of buffers that somebody still holds. */
async function buffersInUse(): Promise<number> {
  await collected()
  return process.memoryUsage().arrayBuffers
}

/** A listener that does something with each peer, and a peer that has dialled it, with the remote's own connection. */
async function withRemote(
  serve: (remote: Peer) => Observable<unknown>,
  work: (peer: Peer, connection: Connection | undefined) => Promise<void>,
): Promise<void> {
  const connections: Connection[] = []
  const listening$ = new ReplaySubject<Endpoint>(1)
  const serving = listen({ port: 0, listening: endpoint => listening$.next(endpoint) })
    .pipe(
      tap(connection => connections.push(connection)),
      acceptEach({ network: regtest, nonces: createNonces() }),
      mergeMap(serve),
    )
    .subscribe({ error: console.error })
  try {
    const { host, port } = await firstValueFrom(listening$)
    await using peer = await open(tcp({ host, port }), { network: regtest, nonces: createNonces() })
    await work(peer, connections[0])
  } finally {
    serving.unsubscribe()
  }
}

it(`${BLOCKS} MB of blocks into a handler of ${WORK} ms stay below the marks in memory, and pings are answered`, async () => {
  const block = bigBlock(1)
  const size = block.bytes.length
  const roundTrips: number[] = []
  const before = await buffersInUse()
  await withRemote(
    remote => {
      // One after the other, as they are really written: nothing piles up on this side.
      const blocks$ = range(BLOCKS).pipe(concatMap(() => remote.send({ command: 'block', block })))
      range(10)
        .pipe(concatMap(() => pingOnce(remote)))
        .subscribe({ next: ms => roundTrips.push(ms), error: console.error })
      return blocks$
    },
    async peer => {
      let handled = 0
      let [mostHeld, mostQueued, mostInUse] = [0, 0, 0]
      const handle = async (received: typeof block) => {
        await firstValueFrom(timer(WORK))
        const { held, queue } = peer.stats().memory
        mostHeld = Math.max(mostHeld, held)
        mostQueued = Math.max(mostQueued, queue)
        handled += 1
        if (handled % LOOK_EVERY === 0) mostInUse = Math.max(mostInUse, (await buffersInUse()) - before)
        return received.bytes.length
      }
      const sizes = await lastValueFrom(
        peer.on('block').pipe(
          map(message => message.block),
          consume(peer, handle, { concurrency: CONCURRENCY }),
          take(BLOCKS),
          toArray(),
        ),
      )
      expect(sizes).toEqual(Array.from({ length: BLOCKS }, () => size))
      const more = size + 10_000
      for (const most of [mostHeld, mostQueued]) {
        expect(most).toBeGreaterThan(MARK)
        expect(most).toBeLessThanOrEqual(MARK + more)
      }
      expect(mostInUse).toBeGreaterThan(MARK)
      expect(mostInUse).toBeLessThan(2 * (MARK + more) + ON_THE_WAY)
      expect(roundTrips).toHaveLength(10)
    },
  )
}, 60_000)

it('the reset of a remote that is made to wait is seen within seconds, and requests do not wait for it', async () => {
  const block = bigBlock(1)
  await withRemote(
    remote => range(BLOCKS).pipe(concatMap(() => remote.send({ command: 'block', block }))),
    async (peer, connection) => {
      peer
        .on('block')
        .pipe(consume(peer, () => NEVER))
        .subscribe({ error: console.error })
      await eventually(() => peer.stats().memory.queue > MARK)
      await expect(firstValueFrom(pingOnce(peer, { timeout: 100 }))).rejects.toMatchObject({
        code: 'timeout',
      })
      const since = performance.now()
      connection?.abort()
      const { code } = await peer.waitForClose()
      expect(code).toBe('connection-reset')
      // It is looked after each second.
      expect(performance.now() - since).toBeLessThan(5_000)
      expect(peer.stats().memory.queue).toBe(0)
    },
  )
}, 60_000)
