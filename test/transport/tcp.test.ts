import { once } from 'node:events'
import { type LookupFunction, Socket } from 'node:net'
import { firstValueFrom, ReplaySubject, type Subscription, take, toArray } from 'rxjs'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Connection, type Endpoint, TransportError } from '../../src/stream/connection.js'
import { fromSocket, listen, tcp } from '../../src/transport/node.js'
import { toTransportError } from '../../src/transport/node-error.js'
import { eventually, turns } from '../support/eventually.js'
import { connectionContract, expectSame, pattern, Recorder } from './contract.js'

/** The sockets, servers and attempts of this process that are alive. */
const alive = () => process.getActiveResourcesInfo().filter(name => /TCP|Connect|Shutdown|Write/.test(name))

interface Listening {
  readonly endpoint: Endpoint
  readonly accepted$: ReplaySubject<Connection>
  readonly subscription: Subscription
}

const listeners: Subscription[] = []
const connections: Connection[] = []

async function listening(linger?: number): Promise<Listening> {
  const accepted$ = new ReplaySubject<Connection>()
  const endpoint$ = new ReplaySubject<Endpoint>(1)
  const subscription = listen({
    port: 0,
    listening: endpoint => endpoint$.next(endpoint),
    ...(linger === undefined ? {} : { linger }),
  }).subscribe(accepted$)
  listeners.push(subscription)
  accepted$.subscribe(connection => connections.push(connection))
  return { endpoint: await firstValueFrom(endpoint$), accepted$, subscription }
}

async function loopback(linger?: number): Promise<readonly [Connection, Connection]> {
  const { endpoint, accepted$, subscription } = await listening(linger)
  const near = await firstValueFrom(tcp({ ...endpoint, ...(linger === undefined ? {} : { linger }) }))
  connections.push(near)
  const far = await firstValueFrom(accepted$)
  subscription.unsubscribe()
  return [near, far]
}

// Nothing may survive any of these tests, those of the contract included.
afterEach(async () => {
  for (const subscription of listeners.splice(0)) subscription.unsubscribe()
  for (const connection of connections.splice(0)) connection.abort()
  await eventually(() => alive().length === 0)
})

connectionContract('tcp', () => loopback())

describe('a connection over a socket', () => {
  test('writes the bytes of a tick with one call, its microtasks included', async () => {
    const [near, far] = await loopback()
    const recorder = new Recorder(far)
    const write = vi.spyOn(Socket.prototype, 'write')
    onTestFinished(() => write.mockRestore())
    for (let i = 0; i < 100; i += 1) near.write(Uint8Array.of(i))
    await Promise.resolve()
    near.write(Uint8Array.of(100))
    await eventually(() => recorder.size === 101)
    expect(write).toHaveBeenCalledTimes(1)
  })

  test('hands the socket 256 KB at a time', async () => {
    const { endpoint, accepted$ } = await listening()
    const socket = new Socket().connect(endpoint.port, endpoint.host)
    await once(socket, 'connect')
    const near = fromSocket(socket)
    connections.push(near)
    const far = await firstValueFrom(accepted$)
    const recorder = new Recorder(far)
    let most = 0
    let told = 0
    const look = () => {
      told += 1
      most = Math.max(most, socket.writableLength)
    }
    const large = pattern(5_000_000)
    near.write(large, look)
    for (let i = 0; i < 5_000; i += 1) near.write(pattern(1_000, i), look)
    far.pause()
    for (let turn = 0; turn < 20; turn += 1) {
      await turns(1)
      most = Math.max(most, socket.writableLength)
    }
    far.resume()
    await eventually(() => {
      most = Math.max(most, socket.writableLength)
      return recorder.size === 10_000_000 && told === 5_001
    })
    expect(most).toBeLessThanOrEqual(262_144)
    expectSame(recorder.bytes.subarray(0, large.length), large)
  })

  test('what comes while the socket is busy leaves as one buffer too', async () => {
    const [near, far] = await loopback()
    far.pause()
    near.write(new Uint8Array(32_000_000))
    await turns()
    const write = vi.spyOn(Socket.prototype, 'write')
    onTestFinished(() => write.mockRestore())
    for (let i = 0; i < 100; i += 1) {
      near.write(new Uint8Array(1_000))
      await turns(1)
    }
    const recorder = new Recorder(far)
    far.resume()
    await eventually(() => recorder.size === 32_100_000)
    const ours = write.mock.calls.map(([bytes]) => bytes.length).filter(size => size < 262_144)
    // Behind what was left of the large one.
    expect(ours).toEqual([32_000_000 % 262_144, 100_000])
  })

  test('a paused socket that has stopped reading does not notice a reset, and a write of no bytes does', async () => {
    const [near, far] = await loopback()
    const recorder = new Recorder(far)
    far.pause()
    near.write(pattern(1_000_000))
    await turns()
    near.abort()
    await turns(200)
    expect(recorder.ended).toBe('no')
    let written = false
    far.write(new Uint8Array(0), () => {
      written = true
    })
    await eventually(() => recorder.ended !== 'no')
    expect(recorder.error).toMatchObject({ code: 'connection-reset' })
    expect(recorder.size).toBe(0)
    expect(written).toBe(false)
    await eventually(() => alive().length === 0)
  })

  test('a paused socket with bytes in flight notices a reset by itself', async () => {
    const [near, far] = await loopback()
    const recorder = new Recorder(far)
    far.pause()
    near.pause()
    near.write(pattern(1_000_000))
    let written = false
    far.write(new Uint8Array(32_000_000), () => {
      written = true
    })
    await turns(100)
    near.abort()
    await eventually(() => recorder.ended !== 'no')
    expect(recorder.error).toMatchObject({ code: 'connection-reset' })
    expect(written).toBe(false)
  })

  test('knows both ends', async () => {
    const [near, far] = await loopback()
    expect(near.remote).toMatchObject({ host: '127.0.0.1' })
    expect(near.local).toEqual(far.remote)
    expect(near.remote).toEqual(far.local)
    expect([near.proxied, far.proxied]).toEqual([false, false])
  })

  test('leaves no socket, timer or listener behind once it is over', async () => {
    const destroyed = vi.spyOn(Socket.prototype, 'destroy')
    onTestFinished(() => destroyed.mockRestore())
    const timers = vi.spyOn(globalThis, 'setTimeout')
    onTestFinished(() => timers.mockRestore())
    const cleared = vi.spyOn(globalThis, 'clearTimeout')
    onTestFinished(() => cleared.mockRestore())
    for (const end of ['close', 'abort'] as const) {
      const [near, far] = await loopback()
      new Recorder(far)
      near[end]()
      far[end]()
      await eventually(() => alive().length === 0)
    }
    // Both attempts, and the lingering of both ends that were closed.
    const ours = timers.mock.results.filter((_, i) =>
      [2_000, 10_000].includes(timers.mock.calls[i]?.[1] ?? 0),
    )
    expect(ours).toHaveLength(4)
    const stopped = cleared.mock.calls.map(([timer]) => timer)
    for (const { value } of ours) expect(stopped).toContain(value)
    const sockets = new Set(destroyed.mock.contexts)
    expect(sockets.size).toBe(4)
    for (const socket of sockets) {
      if (!(socket instanceof Socket)) throw new Error('not a socket')
      await eventually(() => socket.closed)
      await turns(2)
      expect(socket.listenerCount('data')).toBe(0)
      expect(socket.listenerCount('error')).toBe(0)
      expect(socket.listenerCount('close')).toBe(0)
    }
  })

  test('aborts a connection that is already closing, without a leak', async () => {
    const [near, far] = await loopback()
    const recorder = new Recorder(far)
    near.write(pattern(100))
    near.close()
    near.abort()
    await eventually(() => recorder.ended !== 'no')
    far.close()
    await eventually(() => alive().length === 0)
  })

  test('close ends within the linger when the remote never reads', async () => {
    const [near, far] = await loopback(50)
    far.pause()
    let written = false
    near.write(new Uint8Array(64_000_000), () => {
      written = true
    })
    near.close()
    await eventually(() => alive().join() === 'TCPSocketWrap') // only the far end is left
    expect(written).toBe(false)
    far.abort()
    await eventually(() => alive().length === 0)
  })

  test('close reads on and throws away, so that unread bytes keep nothing from ending', async () => {
    const [near, far] = await loopback(60_000)
    const recorder = new Recorder(far)
    far.write(new Uint8Array(8_000_000), () => far.close())
    await turns()
    near.close() // was never subscribed
    await eventually(() => alive().length === 0)
    expect(recorder).toMatchObject({ size: 0, ended: 'complete' })
  })

  test('an unsubscribed connection stalls the sender like a paused one', async () => {
    const [near, far] = await loopback()
    const recorder = new Recorder(far)
    near.write(Uint8Array.of(1))
    await eventually(() => recorder.size === 1)
    recorder.stop()
    let written = false
    near.write(new Uint8Array(64_000_000), () => {
      written = true
    })
    await turns(500)
    expect(written).toBe(false)
  })

  test('an error before anybody subscribed crashes nothing, and waits for the subscriber', async () => {
    const socket = new Socket()
    const connection = fromSocket(socket)
    const cause = Object.assign(new Error('boom'), { code: 'EPIPE' })
    socket.destroy(cause)
    await turns(2)
    expect(new Recorder(connection).error).toMatchObject({ code: 'connection-reset', cause })
  })

  test('a socket that somebody else destroys is a failure, not an end', async () => {
    const { endpoint } = await listening()
    const socket = new Socket().connect(endpoint.port, endpoint.host)
    await once(socket, 'connect')
    const recorder = new Recorder(fromSocket(socket))
    socket.destroy()
    await eventually(() => recorder.ended !== 'no')
    expect(recorder.error).toMatchObject({ code: 'connection-failed' })
    expect(new Recorder(fromSocket(socket)).error).toMatchObject({ code: 'connection-failed' })
  })

  test('takes over a foreign socket, half-open and with bytes given back', async () => {
    const { endpoint, accepted$ } = await listening()
    const socket = new Socket().connect(endpoint.port, endpoint.host) // allowHalfOpen is false
    await once(socket, 'connect')
    const remote = { host: 'example.onion', port: 8333 }
    socket.resume() // flowing already
    socket.unshift(Buffer.of(1))
    const near = fromSocket(socket, { proxied: true, remote })
    connections.push(near)
    expect(near).toMatchObject({ proxied: true, remote })
    const far = await firstValueFrom(accepted$)
    far.write(Uint8Array.of(2))
    await turns()
    const own = new Recorder(near)
    const recorder = new Recorder(far)
    await eventually(() => own.size === 2)
    expect(own.bytes).toEqual(Buffer.of(1, 2))
    far.close()
    await eventually(() => own.ended === 'complete')
    await turns()
    let written = false
    near.write(Uint8Array.of(3), () => {
      written = true
    })
    await eventually(() => written)
    expect(recorder.size).toBe(0) // it has closed, and reads no more
  })

  test('refuses a linger that no timer can hold', () => {
    for (const linger of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => fromSocket(new Socket(), { linger })).toThrow(TypeError)
    }
  })
})

/** A look-up that answers when it is told to. */
function slowLookup() {
  const asked: (() => void)[] = []
  const lookup: LookupFunction = (_name, options, callback) => {
    asked.push(() => {
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    })
  }
  return { lookup, asked }
}

describe('tcp', () => {
  test('is cold: each subscription is an attempt, which emits one connection and completes', async () => {
    const { endpoint, accepted$ } = await listening()
    const dial = tcp(endpoint)
    const first = await firstValueFrom(dial.pipe(toArray()))
    const second = await firstValueFrom(dial.pipe(toArray()))
    connections.push(...first, ...second)
    expect([first.length, second.length]).toEqual([1, 1])
    expect(first[0]).not.toBe(second[0])
    await expect(firstValueFrom(accepted$.pipe(take(2), toArray()))).resolves.toHaveLength(2)
  })

  test('unsubscribing afterwards leaves the connection alone', async () => {
    const { endpoint, accepted$ } = await listening()
    const result$ = new ReplaySubject<Connection>(1)
    const subscription = tcp(endpoint).subscribe(result$)
    const near = await firstValueFrom(result$)
    connections.push(near)
    subscription.unsubscribe()
    const recorder = new Recorder(await firstValueFrom(accepted$))
    near.write(Uint8Array.of(1))
    await eventually(() => recorder.size === 1)
    expect(recorder.ended).toBe('no')
  })

  test('unsubscribing before the connection is there leaves no socket, and the server sees the end', async () => {
    const { endpoint, accepted$, subscription } = await listening()
    let emitted = 0
    const attempt = tcp(endpoint).subscribe(() => {
      emitted += 1
    })
    await new Promise<void>(resolve => process.nextTick(resolve)) // the SYN has left
    attempt.unsubscribe()
    const far = await firstValueFrom(accepted$)
    const recorder = new Recorder(far)
    await eventually(() => recorder.ended !== 'no')
    far.close()
    subscription.unsubscribe()
    await eventually(() => alive().length === 0)
    expect(emitted).toBe(0)
  })

  test('a result that comes late is no connection', async () => {
    const { endpoint, accepted$ } = await listening()
    const { lookup, asked } = slowLookup()
    let emitted = 0
    const attempt = tcp({ host: 'late.test', port: endpoint.port, lookup }).subscribe(() => {
      emitted += 1
    })
    await eventually(() => asked.length === 1)
    attempt.unsubscribe()
    asked[0]?.()
    await turns()
    const near = await firstValueFrom(tcp(endpoint))
    connections.push(near)
    // The first that the server sees is the second that was dialled.
    expect((await firstValueFrom(accepted$)).remote).toEqual(near.local)
    expect(emitted).toBe(0)
  })

  test('looks a name up and connects', async () => {
    const { endpoint } = await listening()
    const { lookup, asked } = slowLookup()
    const dialled = firstValueFrom(tcp({ host: 'name.test', port: endpoint.port, lookup }))
    await eventually(() => asked.length === 1)
    asked[0]?.()
    const near = await dialled
    connections.push(near)
    expect(near.remote).toEqual(endpoint)
  })

  test('times out after connectTimeout, by default 10 seconds', async () => {
    for (const [given, expected] of [
      [undefined, 10_000],
      [500, 500],
    ]) {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      onTestFinished(() => void vi.useRealTimers())
      const { lookup } = slowLookup()
      const errors: unknown[] = []
      const options = { host: 'never.test', port: 1, lookup }
      tcp(given === undefined ? options : { ...options, connectTimeout: given }).subscribe({
        error: (error: unknown) => errors.push(error),
      })
      vi.advanceTimersByTime(expected! - 1)
      expect(errors).toEqual([])
      vi.advanceTimersByTime(1)
      expect(errors).toMatchObject([{ name: 'TransportError', code: 'connect-timeout' }])
      expect(vi.getTimerCount()).toBe(0)
      vi.useRealTimers()
      await eventually(() => alive().length === 0)
    }
  })

  test('says that nothing listens', async () => {
    const { endpoint, subscription } = await listening()
    subscription.unsubscribe()
    const failure = firstValueFrom(tcp(endpoint))
    await expect(failure).rejects.toBeInstanceOf(TransportError)
    await expect(failure).rejects.toMatchObject({
      code: 'connection-refused',
      message: expect.stringContaining(`127.0.0.1:${endpoint.port}`),
      cause: { code: 'ECONNREFUSED' },
    })
  })

  test('says that the name cannot be looked up', async () => {
    const lookup: LookupFunction = (_name, _options, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    await expect(firstValueFrom(tcp({ host: 'nowhere.test', port: 1, lookup }))).rejects.toMatchObject({
      code: 'host-not-found',
    })
  })

  test('dials from the address it is told to', async () => {
    const { endpoint, accepted$ } = await listening()
    connections.push(await firstValueFrom(tcp({ ...endpoint, localAddress: '127.0.0.2' })))
    expect((await firstValueFrom(accepted$)).remote?.host).toBe('127.0.0.2')
  })

  test('refuses invalid options at the call', () => {
    for (const port of [-1, 65_536, 1.5, Number.NaN]) {
      expect(() => tcp({ host: '127.0.0.1', port }), String(port)).toThrow(TypeError)
    }
    expect(() => tcp({ host: '', port: 1 })).toThrow(TypeError)
    expect(() => tcp({ host: 'a', port: 1, localAddress: 'b' })).toThrow(TypeError)
    expect(() => tcp({ host: 'a', port: 1, linger: -1 })).toThrow(TypeError)
    for (const connectTimeout of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => tcp({ host: 'a', port: 1, connectTimeout })).toThrow(TypeError)
    }
  })
})

describe('listen', () => {
  test('tells the port it took, and takes 127.0.0.1 unless told otherwise', async () => {
    const { endpoint } = await listening()
    expect(endpoint.host).toBe('127.0.0.1')
    expect(endpoint.port).toBeGreaterThan(0)
  })

  test('errors where the address is in use', async () => {
    const { endpoint } = await listening()
    await expect(firstValueFrom(listen(endpoint))).rejects.toMatchObject({
      name: 'TransportError',
      code: 'address-in-use',
    })
  })

  test('unsubscribing frees the port and leaves the accepted connections alone', async () => {
    const { endpoint, accepted$, subscription } = await listening()
    const near = await firstValueFrom(tcp(endpoint))
    connections.push(near)
    const recorder = new Recorder(await firstValueFrom(accepted$))
    subscription.unsubscribe()
    const again$ = new ReplaySubject<Endpoint>(1)
    listeners.push(listen({ ...endpoint, listening: taken => again$.next(taken) }).subscribe())
    await expect(firstValueFrom(again$)).resolves.toEqual(endpoint)
    near.write(Uint8Array.of(1))
    await eventually(() => recorder.size === 1)
    expect(recorder.ended).toBe('no')
  })

  test('unsubscribing at once never listens', async () => {
    let told = 0
    listen({
      port: 0,
      listening: () => {
        told += 1
      },
    })
      .subscribe()
      .unsubscribe()
    await turns()
    expect(told).toBe(0)
    expect(alive()).toEqual([])
  })

  test('refuses invalid options at the call', () => {
    for (const port of [-1, 65_536, 1.5]) expect(() => listen({ port })).toThrow(TypeError)
    expect(() => listen({ port: 0, host: '' })).toThrow(TypeError)
    expect(() => listen({ port: 0, backlog: 0 })).toThrow(TypeError)
    expect(() => listen({ port: 0, linger: Number.NaN })).toThrow(TypeError)
  })
})

describe("Node's errors", () => {
  test.each([
    ['ECONNREFUSED', 'connection-refused'],
    ['ECONNRESET', 'connection-reset'],
    ['EPIPE', 'connection-reset'],
    ['ETIMEDOUT', 'connect-timeout'],
    ['EHOSTUNREACH', 'host-unreachable'],
    ['ENETUNREACH', 'host-unreachable'],
    ['ENOTFOUND', 'host-not-found'],
    ['EAI_AGAIN', 'host-not-found'],
    ['EADDRINUSE', 'address-in-use'],
    ['EACCES', 'connection-failed'],
    ['toString', 'connection-failed'],
  ])('%s is %s', (name, code) => {
    const cause = Object.assign(new Error('why'), { code: name })
    const error = toTransportError(cause, 'a:1', 'dialling')
    expect(error).toMatchObject({ code, cause })
    expect(error.message).toContain('a:1')
    expect(error.message.includes('why')).toBe(code === 'connection-failed')
  })

  test('a timeout of an established connection is no connect timeout', () => {
    const cause = Object.assign(new Error('why'), { code: 'ETIMEDOUT' })
    expect(toTransportError(cause, 'a:1', 'connected').code).toBe('connection-failed')
    expect(toTransportError('odd', 'a:1', 'connected').code).toBe('connection-failed')
  })
})
