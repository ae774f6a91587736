import { once } from 'node:events'
import { type LookupFunction, Server, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { firstValueFrom, ReplaySubject, type Subscription, take, toArray } from 'rxjs'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Connection, type Endpoint, TransportError } from '../../src/stream/connection.js'
import { fromSocket, type ListenOptions, listen, type Refusal, tcp } from '../../src/transport/node.js'
import { toTransportError } from '../../src/transport/node-error.js'
import { fromReads, SocketReads } from '../../src/transport/socket-connection.js'
import { eventually, turns } from '../support/eventually.js'
import { connectionContract, expectSame, pattern, Recorder } from './contract.js'

/** The sockets, servers and attempts of this process that are alive. */
const alive = () => process.getActiveResourcesInfo().filter(name => /TCP|Connect|Shutdown|Write/.test(name))

/** What does not lead where it seems to: most of these connected to 127.0.0.1. */
const oddHosts = [
  '127.0.0.1\0.evil.example',
  '127.0.0.1\u00ad',
  '127.0.0.1\u200b',
  '127.0.0.1\ufe0f',
  '127.0.0.1\ufeff',
  '１２７.0.0.1',
  '127。0。0。1',
  'exam\u00adple.com',
  '127.1',
  '2130706433',
  '0x7f.1',
  '',
  ' ',
  'a b',
  '127.0.0.1\n',
  '\t127.0.0.1',
  'a\u001b[2J',
  'a\u007f',
  'a\u009b2J',
  'a\u00a0',
]

interface Listening {
  readonly endpoint: Endpoint
  /** What was emitted, in order. */
  readonly accepted: Connection[]
  readonly accepted$: ReplaySubject<Connection>
  readonly subscription: Subscription
}

const listeners: Subscription[] = []
const connections: Connection[] = []

async function listening(options: Partial<ListenOptions> = {}): Promise<Listening> {
  const accepted$ = new ReplaySubject<Connection>()
  const endpoint$ = new ReplaySubject<Endpoint>(1)
  const subscription = listen({
    port: 0,
    listening: endpoint => endpoint$.next(endpoint),
    ...options,
  }).subscribe(accepted$)
  listeners.push(subscription)
  const accepted: Connection[] = []
  accepted$.subscribe(connection => {
    connections.push(connection)
    accepted.push(connection)
  })
  return { endpoint: await firstValueFrom(endpoint$), accepted, accepted$, subscription }
}

async function loopback(
  options: { readonly linger?: number } = {},
): Promise<readonly [Connection, Connection]> {
  const { endpoint, accepted$, subscription } = await listening(options)
  const near = await firstValueFrom(tcp({ ...endpoint, ...options }))
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

// However busy the machine is, what the contract asks for is no matter of the linger.
connectionContract('tcp', () => loopback({ linger: 60_000 }))

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
    const near = fromSocket(socket, { linger: 60_000 })
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
    for (let turn = 0; turn < 40; turn += 1) {
      if (turn === 20) near.close()
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
    const [near, far] = await loopback({ linger: 50 })
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
    const [near, far] = await loopback({ linger: 60_000 })
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

  test('a look-up that throws, or answers with what is no address, is an error of the attempt', async () => {
    const cause = new Error('the look-up is at fault')
    const answers: Record<string, LookupFunction> = {
      throws: () => {
        throw cause
      },
      'answers and throws': (_name, _options, callback) => {
        callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
        throw cause
      },
      'answers nothing': (_name, _options, callback) => Reflect.apply(callback, undefined, [null]),
      'answers later, nothing': (_name, _options, callback) => {
        setImmediate(() => Reflect.apply(callback, undefined, [null]))
      },
      'answers null': (_name, _options, callback) => Reflect.apply(callback, undefined, [null, [null]]),
      'answers no address': (_name, _options, callback) => callback(null, '127.0.0.1\0.evil.example', 4),
      'answers no addresses': (_name, _options, callback) => callback(null, []),
      'answers a name': (_name, _options, callback) => callback(null, [{ address: 'localhost', family: 4 }]),
    }
    const codes: Record<string, unknown> = {}
    for (const [what, lookup] of Object.entries(answers)) {
      const failure: unknown = await firstValueFrom(tcp({ host: 'name.test', port: 1, lookup })).catch(
        (error: unknown) => error,
      )
      codes[what] = failure instanceof TransportError ? failure.code : failure
      if (what === 'throws') expect(failure).toMatchObject({ cause })
    }
    expect(codes).toEqual({
      throws: 'callback-failed',
      'answers and throws': 'host-not-found',
      'answers nothing': 'callback-failed',
      'answers later, nothing': 'callback-failed',
      'answers null': 'callback-failed',
      'answers no address': 'connection-failed',
      'answers no addresses': 'callback-failed',
      'answers a name': 'connection-failed',
    })
    await eventually(() => alive().length === 0)
  })

  test('a look-up that answers twice connects once', async () => {
    const { endpoint } = await listening()
    const lookup: LookupFunction = (_name, options, callback) => {
      for (let i = 0; i < 2; i += 1) {
        if (options.all) callback(null, [{ address: endpoint.host, family: 4 }])
        else callback(null, endpoint.host, 4)
      }
    }
    const near = await firstValueFrom(tcp({ host: 'name.test', port: endpoint.port, lookup }))
    connections.push(near)
    expect(near.remote).toEqual(endpoint)
  })

  test('dials from the address it is told to', async () => {
    const { endpoint, accepted$ } = await listening()
    connections.push(await firstValueFrom(tcp({ ...endpoint, localAddress: '127.0.0.2' })))
    expect((await firstValueFrom(accepted$)).remote?.host).toBe('127.0.0.2')
  })

  test.each(oddHosts)('refuses %j as host, at the call', host => {
    expect(() => tcp({ host, port: 1 })).toThrow(TypeError)
    expect(() => tcp({ host: '127.0.0.1', port: 1, localAddress: host })).toThrow(TypeError)
    expect(() => listen({ host, port: 0 })).toThrow(TypeError)
  })

  test('says why a host is refused, without the text', () => {
    expect(() => tcp({ host: 'a\u001b]0;x', port: 1 })).toThrow(
      new TypeError(
        'host must be a name or an IP address, without blanks, control and invisible characters, and not empty',
      ),
    )
    expect(() => tcp({ host: '0x7f.1', port: 1 })).toThrow(
      new TypeError('host is 127.0.0.1 in another form: write it as that'),
    )
    expect(() => tcp({ host: 'a', port: 1, localAddress: 'b\u009b' })).toThrow(
      new TypeError('localAddress must be an IP address'),
    )
  })

  test.each(['localhost', 'a_b.test', 'bücher.example', 'example.com.', '3com.example', '::1', 'fe80::1%lo'])(
    'takes %s as host',
    host => {
      expect(() => tcp({ host, port: 1 })).not.toThrow()
      expect(() => listen({ host, port: 0 })).not.toThrow()
    },
  )

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

  test('a listening callback that throws is an error of the listener, and frees the port', async () => {
    const cause = new Error('the owner of the callback is at fault')
    let endpoint: Endpoint | undefined
    const failure = firstValueFrom(
      listen({
        port: 0,
        listening: taken => {
          endpoint = taken
          throw cause
        },
      }),
    )
    await expect(failure).rejects.toMatchObject({ name: 'TransportError', code: 'callback-failed', cause })
    await eventually(() => alive().length === 0)
    await expect(firstValueFrom(tcp(endpoint!))).rejects.toMatchObject({ code: 'connection-refused' })
  })

  test('a connection that the system cannot accept is refused, and ends nothing', async () => {
    const listen$ = vi.spyOn(Server.prototype, 'listen')
    onTestFinished(() => listen$.mockRestore())
    const refusals: Refusal[] = []
    const { endpoint, accepted$ } = await listening({ refused: refusal => refusals.push(refusal) })
    const server = listen$.mock.contexts[0]
    if (!(server instanceof Server)) throw new Error('not a server')
    for (const code of ['EMFILE', 'ENFILE', 'ENOBUFS', 'ECONNABORTED']) {
      server.emit('error', Object.assign(new Error(`accept ${code}`), { code, syscall: 'accept' }))
    }
    connections.push(await firstValueFrom(tcp(endpoint)))
    await firstValueFrom(accepted$)
    expect(refusals).toHaveLength(4)
    expect(refusals[0]).toMatchObject({
      why: 'accept-failed',
      remote: undefined,
      cause: { name: 'TransportError', cause: { code: 'EMFILE' } },
    })
  })

  test('refuses invalid options at the call', () => {
    for (const port of [-1, 65_536, 1.5]) expect(() => listen({ port })).toThrow(TypeError)
    expect(() => listen({ port: 0, host: '' })).toThrow(TypeError)
    expect(() => listen({ port: 0, backlog: 0 })).toThrow(TypeError)
    for (const cap of [0, -1, 1.5, Number.NaN]) {
      expect(() => listen({ port: 0, maxConnections: cap })).toThrow(TypeError)
      expect(() => listen({ port: 0, maxPerAddress: cap })).toThrow(TypeError)
    }
    expect(() => listen({ port: 0, linger: Number.NaN })).toThrow(TypeError)
  })
})

describe('listen with caps', () => {
  /** A connection that was dialled, whether or not the listener takes it. */
  async function dial({ port }: Endpoint, localAddress = '127.0.0.1') {
    const connection = await firstValueFrom(tcp({ host: '127.0.0.1', port, localAddress }))
    connections.push(connection)
    return { connection, recorder: new Recorder(connection) }
  }

  /** What the listener refuses, and the options that tell. */
  function refusing(options: Partial<ListenOptions>) {
    const refusals: Refusal[] = []
    return { refusals, options: { ...options, refused: (refusal: Refusal) => refusals.push(refusal) } }
  }

  test('refuses what comes above, destroyed at once and not emitted, and keeps what it has', async () => {
    const { refusals, options } = refusing({ maxConnections: 2 })
    const { endpoint, accepted } = await listening(options)
    const taken = [await dial(endpoint), await dial(endpoint, '127.0.0.2')]
    await eventually(() => accepted.length === 2)
    const above = [await dial(endpoint), await dial(endpoint, '127.0.0.3')]
    await eventually(() => above.every(({ recorder }) => recorder.ended !== 'no'))
    expect(accepted).toHaveLength(2)
    expect(refusals).toEqual(
      above.map(({ connection }) => ({ why: 'max-connections', remote: connection.local })),
    )
    for (const connection of accepted) connection.write(Uint8Array.of(1))
    await eventually(() => taken.every(({ recorder }) => recorder.size === 1))
    expect(taken.map(({ recorder }) => recorder.ended)).toEqual(['no', 'no'])
  })

  test('refuses what comes from one address above its cap, and takes what comes from others', async () => {
    const { refusals, options } = refusing({ maxPerAddress: 2 })
    const { endpoint, accepted } = await listening(options)
    for (let i = 0; i < 2; i += 1) {
      for (const address of ['127.0.0.1', '127.0.0.2']) await dial(endpoint, address)
    }
    await eventually(() => accepted.length === 4)
    const { connection, recorder } = await dial(endpoint, '127.0.0.2')
    await eventually(() => recorder.ended !== 'no')
    expect(refusals).toEqual([{ why: 'max-per-address', remote: connection.local }])
    await dial(endpoint, '127.0.0.3')
    await eventually(() => accepted.length === 5)
    accepted.find(({ remote }) => remote?.host === '127.0.0.2')?.abort()
    await turns()
    await dial(endpoint, '127.0.0.2')
    await eventually(() => accepted.length === 6)
    expect(refusals).toHaveLength(1)
    const above = await dial(endpoint, '127.0.0.2')
    await eventually(() => above.recorder.ended !== 'no')
    expect(refusals).toHaveLength(2)
  })

  const families = Object.values(networkInterfaces()).flatMap(list =>
    (list ?? []).map(({ family }) => family),
  )
  const hasIpv6 = families.includes('IPv6')
  if (!hasIpv6) console.warn('SKIPPED: a socket of both families needs a machine with IPv6')

  test.skipIf(!hasIpv6)('counts an IPv4 address that comes through a socket of both families', async () => {
    const { refusals, options } = refusing({ host: '::', maxPerAddress: 1 })
    const { endpoint, accepted } = await listening(options)
    await dial(endpoint)
    await eventually(() => accepted.length === 1)
    const { recorder } = await dial(endpoint)
    await eventually(() => recorder.ended !== 'no')
    expect(refusals).toMatchObject([{ why: 'max-per-address', remote: { host: '127.0.0.1' } }])
  })

  test.each(['ours', 'theirs'] as const)(
    'a place is free when the socket is closed, and not when half of it is: first %s',
    async first => {
      const { refusals, options } = refusing({ maxConnections: 1, linger: 60_000 })
      const { endpoint, accepted } = await listening(options)
      const { connection } = await dial(endpoint)
      await eventually(() => accepted.length === 1)
      const ends = first === 'ours' ? [accepted[0]!, connection] : [connection, accepted[0]!]
      ends[0]!.close()
      await turns()
      const above = await dial(endpoint)
      await eventually(() => above.recorder.ended !== 'no')
      above.connection.close()
      expect(refusals).toHaveLength(1)
      ends[1]!.close()
      await eventually(() => alive().join() === 'TCPServerWrap')
      await dial(endpoint)
      await eventually(() => accepted.length === 2)
      expect(refusals).toHaveLength(1)
    },
  )

  test('counts right over many that come and go, those that are dropped as they come included', async () => {
    const { refusals, options } = refusing({ maxConnections: 3, maxPerAddress: 3 })
    const { endpoint, accepted, accepted$ } = await listening(options)
    accepted$.subscribe(connection => connection.abort())
    for (let i = 0; i < 20; i += 1) {
      await dial(endpoint).catch(() => 'reset while it connected')
      await eventually(() => accepted.length === i + 1 && alive().join() === 'TCPServerWrap')
    }
    expect(refusals).toEqual([])
  })

  test('a refused callback that throws ends nothing', async () => {
    let told = 0
    const { endpoint, accepted } = await listening({
      maxConnections: 1,
      refused: () => {
        told += 1
        throw new Error('the owner of the callback is at fault')
      },
    })
    const kept = await dial(endpoint)
    for (let i = 0; i < 3; i += 1) {
      const { recorder } = await dial(endpoint)
      await eventually(() => recorder.ended !== 'no')
    }
    expect(told).toBe(3)
    accepted[0]!.write(Uint8Array.of(1))
    await eventually(() => kept.recorder.size === 1)
  })

  test('takes any number unless told otherwise', async () => {
    const { endpoint, accepted } = await listening()
    for (let i = 0; i < 30; i += 1) await dial(endpoint)
    await eventually(() => accepted.length === 30)
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

describe('a connection that was dialled', () => {
  test('reads into the memory that it is given, and else into memory of its own', async () => {
    const [near, far] = await loopback()
    const given = [new Uint8Array(100_000), undefined, new Uint8Array(0), new Uint8Array(7)]
    let asked = 0
    near.into?.(() => given[asked++ % given.length])
    const places: (ArrayBufferLike | 'own')[] = []
    const bytes: Uint8Array[] = []
    near.bytes$.subscribe(chunk => {
      const { buffer, byteOffset } = chunk
      const isGiven = given.some(room => room?.buffer === buffer)
      places.push(isGiven ? buffer : 'own')
      expect(byteOffset).toBe(0)
      // Copied at once: these are written to again.
      bytes.push(chunk.slice())
    })
    const sent = pattern(1_000_000)
    far.write(sent)
    await eventually(() => bytes.reduce((sum, chunk) => sum + chunk.length, 0) === sent.length)
    expectSame(Buffer.concat(bytes), sent)
    expect(places).toContain('own')
    expect(places).toContain(given[0]?.buffer)
    expect(places).toContain(given[3]?.buffer)
  })

  test('keeps the order of what it reads where it is paused with memory in hand', async () => {
    const [near, far] = await loopback()
    near.into?.(() => new Uint8Array(50_000))
    const recorder = new Recorder(near)
    const sent = pattern(600_000)
    for (let at = 0; at < sent.length; at += 30_000) {
      far.write(sent.subarray(at, at + 30_000))
      if (at % 90_000 === 0) near.pause()
      await turns(1)
      if (at % 90_000 === 60_000) near.resume()
    }
    near.resume()
    await eventually(() => recorder.size === sent.length)
    expectSame(recorder.bytes, sent)
  })

  test('asks for no memory when nobody listens, and takes nothing from who listens elsewhere', async () => {
    const [near, far] = await loopback()
    const [other, otherFar] = await loopback()
    let asked = 0
    near.into?.(() => {
      asked += 1
      return undefined
    })
    const [recorder, otherRecorder] = [new Recorder(near), new Recorder(other)]
    for (let i = 0; i < 20; i += 1) {
      far.write(pattern(1_000, i))
      otherFar.write(pattern(1_000, 100 + i))
      await turns(1)
    }
    await eventually(() => recorder.size === 20_000 && otherRecorder.size === 20_000)
    const all = (seed: number) =>
      Buffer.concat(Array.from({ length: 20 }, (_, i) => pattern(1_000, seed + i)))
    expectSame(recorder.bytes, all(0))
    expectSame(otherRecorder.bytes, all(100))
    expect(asked).toBeGreaterThan(0)
    recorder.stop()
    const before = asked
    far.write(pattern(1_000))
    near.close()
    await turns()
    expect(asked).toBe(before)
  })

  test('is read all the same by a socket that does not know how', async () => {
    const { endpoint, accepted$ } = await listening()
    const socket = new Socket().connect(endpoint.port, endpoint.host)
    await once(socket, 'connect')
    const near = fromReads(socket, new SocketReads(), {})
    connections.push(near)
    near.into?.(() => new Uint8Array(50_000))
    const far = await firstValueFrom(accepted$)
    const recorder = new Recorder(near)
    far.write(pattern(100_000))
    far.close()
    await eventually(() => recorder.ended === 'complete')
    expectSame(recorder.bytes, pattern(100_000))
  })
})
