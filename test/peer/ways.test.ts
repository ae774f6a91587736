import { map, ReplaySubject, Subject, Subscription } from 'rxjs'
import { afterEach, expect, it } from 'vitest'
import { trickle } from '../../src/behaviors/trickle.js'
import { acceptEach } from '../../src/peer/accept-each.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Dial } from '../../src/stream/connection.js'
import { buildBlock, buildTransaction } from '../../src/testing/build.js'
import { listen } from '../../src/transport/listen.js'
import { tcp } from '../../src/transport/tcp.js'
import { regtest } from '../../src/wire/network.js'
import { within } from '../interop/waiting.js'

/** The files of `src` on the stack, the outermost first; what stands together counts once. */
function filesOnStack(): readonly string[] {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 200
  const stack = new Error('where are we').stack ?? ''
  Error.stackTraceLimit = limit
  const files = stack
    .split('\n')
    .map(line => /\/src\/([a-z]+\/[\w/-]+)\.ts/.exec(line)?.[1])
    .filter(file => file !== undefined)
    .reverse()
  return files.filter((file, i) => file !== files[i - 1])
}

let running = new Subscription()
afterEach(() => {
  running.unsubscribe()
  running = new Subscription()
})

/** Two peers of one connection over TCP. */
async function pair(
  through: (dial: Dial) => Dial = dial => dial,
): Promise<{ dialled: Peer; accepted: Peer }> {
  const port$ = new ReplaySubject<number>(1)
  const accepted$ = new ReplaySubject<Peer>(1)
  const options = { network: regtest, behaviors: { trickle: trickle({ interval: 10 }) } }
  running.add(
    listen({ port: 0, listening: ({ port }) => port$.next(port) })
      .pipe(acceptEach({ ...options, nonces: createNonces() }))
      .subscribe(accepted$),
  )
  const port = await within('the listener listens', port$)
  const dialled = await open(through(tcp({ host: '127.0.0.1', port })), {
    ...options,
    nonces: createNonces(),
  })
  running.add(() => dialled.disconnect())
  return { dialled, accepted: await within('the other side has shaken hands', accepted$) }
}

it('README: an inbound message comes through these files to the handler of a user', async () => {
  const { dialled, accepted } = await pair()
  const files$ = new ReplaySubject<readonly string[]>(1)
  dialled.on('tx').subscribe(() => files$.next(filesOnStack()))
  accepted.send({ command: 'tx', transaction: buildTransaction() })
  expect(await within('a transaction', files$)).toEqual([
    'transport/socket-connection',
    'peer/intake',
    'peer/reports',
    'peer/lanes',
    'peer/delivery',
  ])
})

/** A dial whose connection tells who writes to it. */
function watched(dial: Dial, wrote: (files: readonly string[]) => void): Dial {
  return dial.pipe(
    map(connection => ({
      bytes$: connection.bytes$,
      write: (bytes: Uint8Array, written?: () => void) => {
        wrote(filesOnStack())
        connection.write(bytes, written)
      },
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      close: () => connection.close(),
      abort: () => connection.abort(),
      local: connection.local,
      remote: connection.remote,
      proxied: connection.proxied,
    })),
  )
}

it.each([
  [
    'a transaction',
    buildTransaction(),
    ['peer/guard', 'behaviors/ticks', 'behaviors/trickle', 'peer/habits', 'peer/outbox'],
  ],
  [
    'a block',
    buildBlock(),
    ['peer/face', 'peer/late-subject', 'behaviors/hear', 'behaviors/trickle', 'peer/habits', 'peer/outbox'],
  ],
] as const)('README: %s that is announced goes through these files to the socket', async (_, what, files) => {
  const files$ = new Subject<readonly string[]>()
  const { dialled } = await pair(dial => watched(dial, written => files$.next(written)))
  const first = within('the announcement', files$)
  dialled.announce(what)
  expect(await first).toEqual(files)
})
