import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { filter, firstValueFrom, ReplaySubject, Subject, type Subscription, timeout } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acceptEach } from '../../src/peer/accept-each.js'
import type { PeerError } from '../../src/peer/close.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Endpoint } from '../../src/stream/connection.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { listen } from '../../src/transport/listen.js'
import { tcp } from '../../src/transport/tcp.js'
import { encodeMessage } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'

// One listener, one good peer, and the rest of the internet.

const failures$ = new Subject<PeerError>()
const unhandled: unknown[] = []
const note = (error: unknown) => unhandled.push(error)
let endpoint: Endpoint
let server: Subscription
let good: Peer
let goodEnded = false

beforeAll(() => {
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
})

afterAll(() => {
  process.off('uncaughtException', note)
  process.off('unhandledRejection', note)
})

beforeEach(async () => {
  const listening = new ReplaySubject<Endpoint>(1)
  server = listen({ port: 0, listening: where => listening.next(where) })
    .pipe(acceptEach({ network: regtest, nonces: createNonces(), failed: error => failures$.next(error) }))
    .subscribe()
  endpoint = await firstValueFrom(listening)
  good = await open(tcp(endpoint), { network: regtest, nonces: createNonces() })
  goodEnded = false
  good.closed$.subscribe(() => {
    goodEnded = true
  })
})

afterEach(() => {
  good.disconnect()
  server.unsubscribe()
})

/** A raw client that says `bytes`; `then` is what it does next. */
async function client(bytes: Uint8Array | string, then: (socket: Socket) => void = () => {}) {
  const socket = createConnection(endpoint)
  socket.on('error', () => {})
  await once(socket, 'connect')
  const failed = firstValueFrom(
    failures$.pipe(
      filter(() => true),
      timeout(5_000),
    ),
  )
  socket.resume()
  socket.write(bytes, () => then(socket))
  const error = await failed
  socket.destroy()
  return error
}

/** The good peer still answers. */
async function isUnharmed(): Promise<boolean> {
  const pong = firstValueFrom(good.on('pong').pipe(timeout(5_000)))
  good.send({ command: 'ping', nonce: 5n })
  return (await pong).nonce === 5n && !goodEnded && unhandled.length === 0
}

const version = frameOf(remoteVersion())
const withByte = (offset: number, value: number) => {
  const frame = version.slice()
  frame[offset] = value
  return frame
}

/** A version message whose user agent has its size written in three bytes. */
function longSize(): Uint8Array {
  const payload = encodeMessage(remoteVersion())
  const at = 80
  const longer = Uint8Array.of(
    ...payload.subarray(0, at),
    0xfd,
    payload[at] ?? 0,
    0,
    ...payload.subarray(at + 1),
  )
  return frameOf({ command: 'unknown', name: 'version', payload: longer })
}

describe('a listener', () => {
  it.each([
    ['an HTTP client', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'wrong-magic'],
    ['a wrong byte in the magic', withByte(3, 0), 'wrong-magic'],
    ['a wrong byte in the checksum', withByte(20, (version[20] ?? 0) ^ 1), 'bad-checksum'],
    ['a length above the limit', withByte(19, 0xff), 'oversized-frame'],
    ['a user agent size in too long a form', longSize(), 'non-canonical-size'],
    ['a wrong byte behind the command', withByte(15, 0x41), 'unknown-before-version'],
  ])('%s is closed with its code', async (_, bytes, code) => {
    const error = await client(bytes)
    expect({ code: error.code, by: error.by }).toEqual({ code, by: 'local' })
    expect(await isUnharmed()).toBe(true)
  })

  it('a length that promises more than comes, then an EOF', async () => {
    const error = await client(withByte(16, 0xff), socket => socket.end())
    expect({ code: error.code, by: error.by }).toEqual({ code: 'truncated-frame', by: 'remote' })
    expect(await isUnharmed()).toBe(true)
  })

  it('half a frame, then a reset', async () => {
    const error = await client(version.subarray(0, 60), socket =>
      setImmediate(() => socket.resetAndDestroy()),
    )
    // Some kernels hand a reset that follows data on as an orderly end: then it is the end that comes inside a frame.
    expect(['connection-reset', 'truncated-frame']).toContain(error.code)
    expect(error.by).toBe('remote')
    expect(await isUnharmed()).toBe(true)
  })

  it('a plain EOF before the first byte', async () => {
    const error = await client('', socket => socket.end())
    expect({ code: error.code, by: error.by }).toEqual({ code: 'remote-closed', by: 'remote' })
    expect(await isUnharmed()).toBe(true)
  })
})
