import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { encodeFrame } from '../../src/wire/frame.js'
import { InventoryType } from '../../src/wire/inventory.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { objects, rxpeer } from '../support/cli.js'
import { peerRemote, rawRemote } from '../support/cli-remotes.js'

const network = ['--network', 'regtest']

const inv = (size: number): Message => ({
  command: 'inv',
  inventory: Array.from({ length: size }, (_, i) => ({
    type: InventoryType.wtx,
    hash: new Uint8Array(32).fill(i % 256),
  })),
})

const oneLine = /^rxpeer: [^\n]+\n$/

describe('ends with 0', () => {
  test('by --count, after as many printed received messages', async () => {
    await using remote = await peerRemote({ network: regtest, initial: [inv(1), inv(2), inv(3), inv(4)] })
    const run = rxpeer('watch', remote.at, ...network, '--json', '--command', 'inv', '--count', '3')
    const { code, lines, stderr } = await run.finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const received = objects(lines).filter(({ event }) => event === 'received')
    expect(received.map(({ command, bytes }) => ({ command, bytes }))).toEqual([
      { command: 'inv', bytes: 24 + 1 + 36 },
      { command: 'inv', bytes: 24 + 1 + 72 },
      { command: 'inv', bytes: 24 + 1 + 108 },
    ])
  })

  test('by --count within the handshake: the peer is still told to be closed', async () => {
    await using remote = await peerRemote({ network: regtest })
    const run = rxpeer('watch', remote.at, ...network, '--json', '--count', '1')
    const { code, lines } = await run.finished
    expect(code).toBe(0)
    expect(objects(lines)).toMatchObject([
      { event: 'sent', peer: 1, command: 'version' },
      { event: 'received', peer: 1, command: 'version' },
      {
        event: 'closed',
        peer: 1,
        by: 'local',
        code: 'disconnected',
        reason: 'ended by --count',
        stats: { id: 1, messagesSent: 1, messagesReceived: 1, userAgent: '/rxpeer:0.1.0/' },
      },
    ])
  })

  test('by --for', async () => {
    await using remote = await peerRemote({ network: regtest })
    const { code, lines, stderr } = await rxpeer('watch', remote.at, ...network, '--json', '--for', '0.7')
      .finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(objects(lines).at(-1)).toMatchObject({ event: 'closed', by: 'local', reason: 'ended by --for' })
  })

  test('by --for, when the remote has never said a word', async () => {
    await using remote = await rawRemote(() => {})
    const { code, lines } = await rxpeer('watch', remote.at, ...network, '--json', '--for', '0.3').finished
    expect(code).toBe(0)
    expect(objects(lines).map(({ event }) => event)).toEqual(['sent', 'closed'])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('by %s, with everything printed', async signal => {
    await using remote = await peerRemote({ network: regtest })
    const run = rxpeer('watch', remote.at, ...network, '--json')
    await run.line('"event":"ready"')
    run.child.kill(signal)
    // Under npm the terminal and npm send one each.
    await run.line('"event":"closed"')
    run.child.kill(signal)
    const { code, lines, stderr, ...rest } = await run.finished
    expect({ code, stderr, signal: rest.signal }).toEqual({ code: 0, stderr: '', signal: null })
    expect(objects(lines).at(-1)).toMatchObject({
      event: 'closed',
      by: 'local',
      code: 'disconnected',
      reason: `ended by ${signal}`,
    })
  })

  test('and says goodbye to the remote: it sees an end in order', async () => {
    await using remote = await peerRemote({ network: regtest })
    const end = new Promise(resolve => remote.peers$.subscribe(peer => peer.closed$.subscribe(resolve)))
    const run = rxpeer('watch', remote.at, ...network)
    await run.line('ready')
    run.child.kill('SIGINT')
    expect(await end).toMatchObject({ code: 'remote-closed' })
    expect((await run.finished).code).toBe(0)
  })

  test('quietly, when nobody reads its output any more', async () => {
    await using remote = await peerRemote({ network: regtest })
    remote.peers$.subscribe(peer => {
      const timer = setInterval(() => peer.send(inv(1)), 20)
      peer.closed$.subscribe(() => clearInterval(timer))
    })
    const run = rxpeer('watch', remote.at, ...network)
    await run.line('ready')
    run.child.stdout.destroy()
    const { code, signal, stderr } = await run.finished
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })
})

describe('ends with 1 and one line', () => {
  test('when nothing listens', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise(resolve => server.close(resolve))
    const { code, lines, stderr } = await rxpeer('watch', `127.0.0.1:${port}`).finished
    expect({ code, lines }).toEqual({ code: 1, lines: [] })
    expect(stderr).toMatch(oneLine)
    expect(stderr).toContain(`127.0.0.1:${port}`)
    expect(stderr).toContain('connection-refused')
  })

  test('when nothing listens, in JSON too', async () => {
    const { code, lines, stderr } = await rxpeer('watch', '127.0.0.1:1', '--json').finished
    expect(code).toBe(1)
    expect(stderr).toMatch(oneLine)
    expect(objects(lines)).toMatchObject([
      { event: 'closed', peer: 0, by: 'remote', code: 'connection-refused', stats: { bytesSent: 0 } },
    ])
  })

  test('when the remote ends the connection', async () => {
    await using remote = await peerRemote({ network: regtest })
    remote.peers$.subscribe(peer => peer.disconnect())
    const { code, lines, stderr } = await rxpeer('watch', remote.at, ...network, '--json').finished
    expect(code).toBe(1)
    expect(stderr).toMatch(oneLine)
    expect(stderr).toContain(remote.at)
    expect(stderr).toContain('(remote-closed)')
    const events = objects(lines)
    expect(events.filter(({ event }) => event === 'closed')).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ event: 'closed', by: 'remote', code: 'remote-closed' })
  })

  test('when the remote hangs up without a word, asking whether the network is right', async () => {
    await using remote = await rawRemote(socket => socket.once('data', () => socket.end()))
    const { code, stderr } = await rxpeer('watch', remote.at, ...network).finished
    expect(code).toBe(1)
    expect(stderr).toMatch(/^rxpeer: .*\(remote-closed\); is it a regtest node\?\n$/)
  })

  test('when the remote resets the connection', async () => {
    await using remote = await rawRemote(socket => socket.once('data', () => socket.resetAndDestroy()))
    const { code, stderr } = await rxpeer('watch', remote.at, ...network).finished
    expect(code).toBe(1)
    expect(stderr).toMatch(oneLine)
    expect(stderr).toContain('(connection-reset)')
  })

  test('when the remote is a web server', async () => {
    const server = createHttpServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { code, lines, stderr } = await rxpeer('watch', `127.0.0.1:${port}`, '--json').finished
    server.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(oneLine)
    expect(stderr).toContain('(wrong-magic); is it a mainnet node?')
    expect(objects(lines).at(-1)).toMatchObject({ event: 'closed', by: 'local', code: 'wrong-magic' })
  })

  test('with nothing of the remote that a terminal would obey', async () => {
    await using remote = await peerRemote({ network: regtest })
    remote.peers$.subscribe(peer =>
      peer.send({ command: 'reject', rejected: '\x1b[31m', code: 1, reason: 'a\r\n\x9b2J\x07' }),
    )
    const run = rxpeer('watch', remote.at, ...network, '--count', '1', '--command', 'reject')
    const { code, lines } = await run.finished
    expect(code).toBe(0)
    expect(lines.find(line => line.includes('reject'))).toContain('\\x1b[31m')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
  })
})

test('a bad argument ends with 2, one line on stderr and none on stdout', async () => {
  const { code, lines, stderr } = await rxpeer('watch', '127.0.0.1', '--count', 'many').finished
  expect({ code, lines }).toEqual({ code: 2, lines: [] })
  expect(stderr).toMatch(oneLine)
})

test.each([
  ['--help', /^Usage: rxpeer COMMAND/],
  ['--version', /^0\.1\.0$/],
])('%s answers on stdout', async (option, text) => {
  const { code, lines, stderr } = await rxpeer(option).finished
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines[0]).toMatch(text)
})

describe('--json', () => {
  test('tells everything from the first byte on', async () => {
    await using remote = await peerRemote({
      network: regtest,
      services: 9n,
      newestBlock: () => ({ height: 7, hash: new Uint8Array(32) }),
      initial: [
        { command: 'headers', headers: [regtest.genesis] },
        { command: 'unknown', name: 'x-new', payload: Uint8Array.of(1, 2, 3) },
        { command: 'feefilter', feeRate: 1000n },
        inv(100),
        inv(101),
      ],
    })
    const run = rxpeer('watch', remote.at, ...network, '--json', '--count', '9')
    const { code, lines } = await run.finished
    expect(code).toBe(0)
    const events = objects(lines)
    expect(events[0]).toMatchObject({
      event: 'sent',
      peer: 1,
      command: 'version',
      message: { command: 'version', userAgent: '/rxpeer:0.1.0/' },
    })
    const received = events.filter(({ event }) => event === 'received')
    expect(received.map(({ command }) => command)).toEqual([
      'version',
      'wtxidrelay',
      'sendaddrv2',
      'verack',
      'headers',
      'x-new',
      'feefilter',
      'inv',
      'inv',
    ])
    expect(received.slice(4)).toMatchObject([
      {
        message: { headers: [{ hash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206' }] },
      },
      { bytes: 27, message: { command: 'unknown', name: 'x-new', payload: '010203' } },
      { message: { feeRate: '1000' } },
      { message: { inventory: Array.from({ length: 100 }, () => ({ type: 'wtx' })) } },
      { message: { inventory: { length: 101 } } },
    ])
    expect(events.find(({ event }) => event === 'ready')).toEqual({
      event: 'ready',
      peer: 1,
      direction: 'outbound',
      address: remote.at,
      protocolVersion: 70016,
      userAgent: '/rxpeer:0.1.0/',
      services: '0x9',
      startHeight: 7,
      transport: 'v1',
    })
    expect(events.at(-1)).toMatchObject({
      event: 'closed',
      peer: 1,
      by: 'local',
      code: 'disconnected',
      stats: { id: 1, address: remote.at, services: '0x9', messagesReceived: 9 },
    })
  })

  test('says of a message that cannot be read what is wrong with it', async () => {
    await using remote = await rawRemote(socket =>
      socket.once('data', () => {
        socket.write(encodeFrame(regtest.magic, 'version', new Uint8Array(3)))
      }),
    )
    const { code, lines, stderr } = await rxpeer('watch', remote.at, ...network, '--json').finished
    expect(code).toBe(1)
    expect(stderr).toContain('(truncated)')
    expect(objects(lines).slice(1)).toMatchObject([
      { event: 'received', command: 'version', bytes: 27, error: { code: 'truncated', offset: 0 } },
      { event: 'closed', by: 'local', code: 'truncated' },
    ])
    expect(objects(lines)[1]).not.toHaveProperty('message')
  })
})

describe('asks the remote', () => {
  test('for headers, from the first block on', async () => {
    await using remote = await peerRemote({ network: regtest })
    const asked = new Promise<Message>(resolve =>
      remote.peers$.subscribe(peer => peer.on('getheaders').subscribe(resolve)),
    )
    const run = rxpeer('watch', remote.at, ...network)
    const message = await asked
    expect(message.command === 'getheaders' && message.locator.at(0)).toEqual(regtest.genesis.hash)
    run.child.kill('SIGINT')
    expect((await run.finished).code).toBe(0)
  })

  test('for nothing that an old version does not know', async () => {
    await using remote = await peerRemote({ network: regtest, protocolVersion: 60_002 })
    const { code, lines } = await rxpeer('watch', remote.at, ...network, '--json', '--for', '1').finished
    expect(code).toBe(0)
    const sent = objects(lines).filter(({ event }) => event === 'sent')
    expect(sent.map(({ command }) => command)).toEqual(['version', 'verack', 'getheaders'])
  })

  test('for what it announces only with --fetch', async () => {
    await using remote = await peerRemote({ network: regtest, services: 9n, initial: [inv(2)] })
    const args = ['watch', remote.at, ...network, '--json', '--for', '1', '--command', 'getdata']
    const plain = await rxpeer(...args).finished
    const fetching = await rxpeer(...args, '--fetch').finished
    const sent = (lines: readonly string[]) => objects(lines).filter(({ event }) => event === 'sent')
    expect(sent(plain.lines)).toEqual([])
    expect(sent(fetching.lines)).toMatchObject([
      { command: 'getdata', message: { inventory: [{ type: 'wtx' }, { type: 'wtx' }] } },
    ])
  })
})
