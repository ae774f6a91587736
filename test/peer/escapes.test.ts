import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { config, filter, map, Observable, of, ReplaySubject, take, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { type AcceptEachOptions, acceptEach } from '../../src/peer/accept-each.js'
import type { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Dial, Endpoint } from '../../src/stream/connection.js'
import { isOfCommand } from '../../src/stream/of-command.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { listen } from '../../src/transport/listen.js'
import { fromSocket, type SocketOptions } from '../../src/transport/socket-connection.js'
import { tcp } from '../../src/transport/tcp.js'
import { Deframer } from '../../src/wire/deframer.js'
import { type Command, decodeMessage, type Message, type MessageOf } from '../../src/wire/messages.js'
import { hostText, unknownAddress } from '../../src/wire/netaddress.js'
import { regtest } from '../../src/wire/network.js'
import { within } from '../interop/waiting.js'
import { remoteVersion } from '../support/conversation.js'

// Over real sockets: what a stranger does, and what a callback of the user throws, stays with the peer it was for.

const cleanups: (() => void)[] = []
const uncaught: unknown[] = []
const note = (error: unknown) => uncaught.push(error)

beforeEach(() => {
  uncaught.length = 0
  process.on('uncaughtException', note)
})
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
  process.off('uncaughtException', note)
  expect(uncaught).toEqual([])
})

/** Where a listener with these options is, and the peers that it accepts. */
async function listening(options: AcceptEachOptions) {
  const endpoint$ = new ReplaySubject<Endpoint>(1)
  const peers$ = new ReplaySubject<Peer>()
  const server = listen({ port: 0, listening: at => endpoint$.next(at) })
    .pipe(acceptEach({ network: regtest, ...options }))
    .subscribe(peers$)
  cleanups.push(() => server.unsubscribe())
  return { endpoint: await within('the listener listens', endpoint$), peers$ }
}

/** A peer that does nothing wrong; asks whether it is still served. */
async function bystander(endpoint: Endpoint): Promise<() => Promise<boolean>> {
  const peer = await open(tcp(endpoint), { network: regtest, nonces: createNonces() })
  cleanups.push(() => peer.disconnect())
  let nonce = 0n
  return async () => {
    nonce += 1n
    const asked = nonce
    const pong = within('a pong', peer.on('pong').pipe(filter(message => message.nonce === asked)))
    peer.send({ command: 'ping', nonce: asked })
    return (await pong).nonce === asked
  }
}

/** The messages that come in over a raw socket. */
function messagesOf(socket: Socket): ReplaySubject<Message> {
  const messages$ = new ReplaySubject<Message>()
  const deframer = new Deframer(regtest.magic)
  socket.on('error', () => {})
  socket.on('close', () => messages$.complete())
  socket.on('data', chunk => {
    deframer.push(Uint8Array.from(chunk))
    for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
      messages$.next(decodeMessage(frame.name, frame.payload))
    }
  })
  return messages$
}

/** A remote of raw bytes. */
async function stranger({ host, port }: Endpoint) {
  const socket = createConnection({ host, port })
  cleanups.push(() => socket.destroy())
  const messages$ = messagesOf(socket)
  await once(socket, 'connect')
  return {
    socket,
    say: (...messages: readonly Message[]) => {
      for (const message of messages) socket.write(frameOf(message))
    },
    hears: <C extends Command>(command: C): Promise<MessageOf<C>> =>
      within(
        command,
        messages$.pipe(filter((message): message is MessageOf<C> => isOfCommand(command, message))),
      ),
  }
}

const verack: Message = { command: 'verack' }

describe('`failed`', () => {
  it('can serialise every error (W4)', async () => {
    const lines$ = new ReplaySubject<string>()
    const { endpoint } = await listening({ failed: error => lines$.next(JSON.stringify(error)) })
    const isServed = await bystander(endpoint)
    const passerBy = await stranger(endpoint)
    passerBy.socket.write('GET / HTTP/1.1\r\n\r\n')
    // This one has figures of 64 bits, and a hash.
    const acquaintance = await stranger(endpoint)
    acquaintance.say(remoteVersion({ services: 2n ** 63n }), verack)
    await acquaintance.hears('verack')
    acquaintance.say({ command: 'inv', inventory: [{ type: 2, hash: new Uint8Array(32).fill(7) }] })
    acquaintance.say({ command: 'verack' })
    const errors: { code: string; stats: object }[] = (
      await within('two errors', lines$.pipe(take(2), toArray()))
    ).map(line => JSON.parse(line))
    expect(errors.map(({ code }) => code).sort()).toEqual(['duplicate-verack', 'wrong-magic'])
    expect(errors.find(({ code }) => code === 'duplicate-verack')?.stats).toMatchObject({
      services: `0x${(2n ** 63n).toString(16)}`,
      lastAnnouncedBlock: '07'.repeat(32),
    })
    expect(await isServed()).toBe(true)
  })

  it('that throws is told so once, and nobody else', async () => {
    const told$ = new ReplaySubject<PeerError>()
    const bug = new Error('a bug of the user')
    const { endpoint } = await listening({
      failed: error => {
        told$.next(error)
        throw bug
      },
    })
    const isServed = await bystander(endpoint)
    for (let i = 0; i < 2; i += 1) (await stranger(endpoint)).socket.write('GET / HTTP/1.1\r\n\r\n')
    const told = await within('four errors', told$.pipe(take(4), toArray()))
    expect(told.map(({ code }) => code).sort()).toEqual([
      'callback-failed',
      'callback-failed',
      'wrong-magic',
      'wrong-magic',
    ])
    expect(told.filter(({ cause }) => cause === bug)).toHaveLength(2)
    expect(await isServed()).toBe(true)
  })
})

describe('the nonce of a listener', () => {
  it('tells no stranger that two listeners are one program (W6)', async () => {
    // Both with the registry that all peers of a program share.
    const [one, other] = [await listening({}), await listening({})]
    const atOne = await stranger(one.endpoint)
    atOne.say(remoteVersion())
    const { nonce } = await atOne.hears('version')
    const atOther = await stranger(other.endpoint)
    atOther.say(remoteVersion({ nonce }), verack)
    await atOther.hears('verack')
    expect((await within('a peer', other.peers$)).version.nonce).toBe(nonce)
  })

  it('of a dialler is known by the listeners of the program while it shakes hands', async () => {
    const codes$ = new ReplaySubject<string>()
    const { endpoint } = await listening({ failed: ({ code }) => codes$.next(code) })
    const ours = open(tcp(endpoint), { network: regtest })
    expect(await within('the listener closes', codes$)).toBe('self-connection')
    await expect(ours).rejects.toMatchObject({ code: 'remote-closed' })
  })
})

/** Dials over TCP, with another idea of where the remote is. */
function claiming({ host, port }: Endpoint, options: SocketOptions): Dial {
  return new Observable(subscriber => {
    const socket = createConnection({ host, port }, () => {
      subscriber.next(fromSocket(socket, options))
      subscriber.complete()
    })
    subscriber.add(() => socket.connecting && socket.destroy())
  })
}

/** A listener of raw bytes, and the first message that it hears. */
async function ear(): Promise<{ endpoint: Endpoint; version$: Observable<MessageOf<'version'>> }> {
  const version$ = new ReplaySubject<MessageOf<'version'>>(1)
  const server = createServer(socket => {
    cleanups.push(() => socket.destroy())
    messagesOf(socket).subscribe(message => message.command === 'version' && version$.next(message))
  })
  cleanups.push(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { endpoint: { host: '127.0.0.1', port: address.port }, version$ }
}

describe('our version message (W8)', () => {
  const blank = unknownAddress
  const routable = { host: '8.8.8.8', port: 8333 }
  it.each<[string, SocketOptions, Endpoint | undefined]>([
    ['names no remote of this machine', {}, undefined],
    ['names no remote of a private network', { remote: { host: '192.168.1.7', port: 8333 } }, undefined],
    ['names no remote by what is no address', { remote: { host: 'node.example', port: 8333 } }, undefined],
    ['names a remote that can be reached from everywhere', { remote: routable }, routable],
    ['names none behind a proxy', { remote: routable, proxied: true }, undefined],
  ])('%s', async (_, options, named) => {
    const { endpoint, version$ } = await ear()
    const dialling = connect(claiming(endpoint, options), { network: regtest }).subscribe({ error: () => {} })
    cleanups.push(() => dialling.unsubscribe())
    const { receiver, sender } = await within('a version message', version$)
    if (named === undefined) expect(receiver).toEqual(blank)
    else expect({ host: hostText(receiver), port: receiver.port }).toEqual(named)
    expect(sender).toEqual(blank)
  })

  it('names no dialler of this machine either', async () => {
    const { endpoint } = await listening({})
    const remote = await stranger(endpoint)
    remote.say(remoteVersion())
    expect((await remote.hears('version')).receiver).toEqual(blank)
  })
})

/** What the peers with this user agent are treated badly for. */
const BAD = '/bad:1.0.0/'

const answering =
  (answer: () => Iterable<Message>): Behavior =>
  ({ on, version }) =>
    on('getaddr').pipe(
      filter(() => version.userAgent === BAD),
      map(answer),
    )

function bug(): never {
  throw new Error('a bug of the user')
}

/** Callbacks that throw for peers with this user agent, or for what they say, and for nobody else. */
const bugs: Readonly<Record<string, AcceptEachOptions>> = {
  acceptVersion: { acceptVersion: ({ userAgent }) => (userAgent === BAD ? bug() : undefined) },
  'traffic in the handshake': {
    traffic: {
      next: ({ message }) => void (message?.command === 'version' && message.userAgent === BAD && bug()),
    },
  },
  'traffic, at a message that comes in': {
    traffic: {
      next: ({ command, direction }) => void (command === 'getaddr' && direction === 'received' && bug()),
    },
  },
  'traffic, at a message that is written': {
    traffic: { next: ({ command, direction }) => void (command === 'addr' && direction === 'sent' && bug()) },
    behaviors: { serve: answering(() => [{ command: 'addr', addresses: [{ ...unknownAddress, time: 1 }] }]) },
  },
  'nonces.has': {
    nonces: { add: () => {}, delete: () => {}, has: nonce => (nonce === 666n ? bug() : false) },
  },
  'a behavior': { behaviors: { bad: ({ version }) => (version.userAgent === BAD ? bug() : of()) } },
  'an operator of a behavior': { behaviors: { bad: answering(bug) } },
  'an iterable of a behavior': {
    behaviors: {
      bad: answering(function* () {
        yield { command: 'getaddr' }
        bug()
      }),
    },
  },
  'a behavior that says what cannot be sent': {
    behaviors: {
      bad: answering(() => [
        { command: 'unknown', name: 'far too long for a name', payload: new Uint8Array() },
      ]),
    },
  },
}

describe.each(Object.entries(bugs))('%s that throws', (_, options) => {
  it('ends the peer with a code, and neither its listener nor another peer', async () => {
    const errors$ = new ReplaySubject<PeerError>()
    const { endpoint } = await listening({
      nonces: createNonces(),
      ...options,
      failed: error => errors$.next(error),
    })
    const isServed = await bystander(endpoint)
    const bad = await stranger(endpoint)
    bad.say(remoteVersion({ userAgent: BAD, nonce: 666n }), verack, { command: 'getaddr' })
    const gone = once(bad.socket, 'close')
    const error = await within('the end', errors$)
    expect(['callback-failed', 'behavior-failed']).toContain(error.code)
    expect(error.stats.userAgent ?? BAD).toBe(BAD)
    bad.socket.end()
    await gone
    expect(await isServed()).toBe(true)
    expect(await (await bystander(endpoint))()).toBe(true)
  })
})

describe('a handler that throws', () => {
  const before = config.onUnhandledError
  afterEach(() => {
    config.onUnhandledError = before
  })

  it('leaves its peer and all others alone, and its error goes where RxJS says', async () => {
    const reported$ = new ReplaySubject<unknown>()
    config.onUnhandledError = error => reported$.next(error)
    const { endpoint, peers$ } = await listening({})
    // Once: what is reported behind the test would be somebody else's.
    peers$.subscribe(peer => peer.on('ping').pipe(take(1)).subscribe(bug))
    const isServed = await bystander(endpoint)
    expect(await isServed()).toBe(true)
    expect(await within('a report', reported$)).toMatchObject({ message: 'a bug of the user' })
    expect(await isServed()).toBe(true)
  })
})
