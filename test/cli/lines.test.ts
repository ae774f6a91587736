import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { CliEvent } from '../../src/cli/events.js'
import { formatHuman } from '../../src/cli/human.js'
import { formatJson } from '../../src/cli/json.js'
import { Output, type Sink } from '../../src/cli/output.js'
import { printable } from '../../src/cli/printable.js'
import { emptyStats, type PeerStats } from '../../src/peer/stats.js'
import type { Traffic } from '../../src/peer/traffic.js'
import { embeddedNode } from '../../src/testing/embedded-node.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { WireError } from '../../src/wire/error.js'
import { toHex } from '../../src/wire/hex.js'
import { InventoryType } from '../../src/wire/inventory.js'
import type { Message } from '../../src/wire/messages.js'
import { wireName } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'

const node = embeddedNode({ random: seededRandom(1), blocks: 130 })
const spent = node.spend()
const [mined] = node.mine()
if (!mined) throw new Error('nothing was mined')

const now = () => new Date(2024, 0, 2, 3, 4, 5, 6)
const plain = formatHuman({ color: false, manyPeers: false, now })
const colored = formatHuman({ color: true, manyPeers: false, now })
const many = formatHuman({ color: false, manyPeers: true, now })

function traffic(message: Message, more: Partial<Traffic> = {}): CliEvent {
  const command = wireName(message)
  const payload = new Uint8Array()
  return {
    event: 'traffic',
    traffic: {
      peer: 3,
      direction: 'received',
      command,
      bytes: 61,
      payload,
      message,
      error: undefined,
      ...more,
    },
  }
}

const stats: PeerStats = {
  ...emptyStats({ id: 3, direction: 'inbound', protocolVersion: 70016 }),
  address: { host: '::1', port: 5 },
  connectedAt: 0,
  bytesReceived: 12_345,
  services: 0x8000_0000_0000_0409n,
  version: 70016,
  userAgent: '/a\x9b/',
  startHeight: 1,
  timeOffset: 0,
}

const hostile = '\x1b[2J\r\n\x07\x7f\x9b31m\u202e\u{1f600}é'

describe('formatHuman', () => {
  test('keeps to columns', () => {
    const ping = plain(traffic({ command: 'ping', nonce: 5n }))
    expect(ping).toBe('03:04:05.006 ← ping              61 B  5')
    expect(plain(traffic({ command: 'sendaddrv2' }, { direction: 'sent', bytes: 4_000_024 }))).toBe(
      '03:04:05.006 → sendaddrv2   4000024 B',
    )
    expect(many(traffic({ command: 'ping', nonce: 5n }))).toBe(
      '03:04:05.006 #3   ← ping              61 B  5',
    )
  })

  test('shows a block by its height, whole hash, transactions and size', () => {
    const line = plain(traffic({ command: 'block', block: mined }))
    expect(line).toMatch(new RegExp(`height 131 ${toHex(mined.hash)} 2 txs ${mined.bytes.length} bytes$`))
  })

  test('shows a transaction by its whole txid, what it moves and its size', () => {
    const line = plain(traffic({ command: 'tx', transaction: spent }))
    expect(line).toMatch(new RegExp(`${toHex(spent.txid)} 1-in 1-out 49\\.99999 BTC ${spent.vsize} vB$`))
  })

  test('spells out the hash of a lone announcement', () => {
    const inventory = [{ type: InventoryType.wtx, hash: spent.wtxid }]
    expect(plain(traffic({ command: 'inv', inventory }))).toMatch(
      new RegExp(`B {2}wtx ${toHex(spent.wtxid)}$`),
    )
    expect(plain(traffic({ command: 'headers', headers: [mined.header] }))).toMatch(
      new RegExp(`B {2}${toHex(mined.hash)}$`),
    )
  })

  test.each([
    ['a rejection', { command: 'reject', rejected: hostile, code: 1, reason: hostile }],
    ['an unknown name', { command: 'unknown', name: hostile, payload: new Uint8Array(3) }],
  ] satisfies [string, Message][])('lets no control character of %s through', (_, message) => {
    expect(plain(traffic(message))).toMatch(/^[ -~…→←·]+$/)
  })

  test('lets no control character of a reason or error through', () => {
    const error = new WireError('bad-command', undefined, { command: hostile, offset: 4 })
    const unreadable = plain(traffic({ command: 'verack' }, { command: hostile, message: undefined, error }))
    expect(unreadable).toMatch(/^[ -~…→←·]+$/)
    expect(unreadable).toContain('cannot be read')
    const closed = many({
      event: 'closed',
      reason: { code: 'bad-command', by: 'local', reason: hostile },
      stats,
    })
    expect(closed).toMatch(/^[ -~…→←·]+$/)
    expect(closed).toContain('#3   · closed')
    expect(closed).toContain('[::1]:5 by us: ')
    expect(closed).toContain('received 0 messages, 12 kB')
  })

  test('leaves the failure of a lone peer to the command', () => {
    const failure: CliEvent = {
      event: 'closed',
      reason: { code: 'truncated', by: 'local', reason: 'x' },
      stats,
    }
    expect(plain(failure)).toBeUndefined()
    expect(plain({ ...failure, reason: { code: 'disconnected', by: 'local', reason: 'ended' } })).toContain(
      'by us: ended',
    )
  })

  test('colours only when told', () => {
    const event = traffic({ command: 'block', block: mined })
    expect(plain(event)).not.toContain('\x1b')
    const line = colored(event) ?? ''
    expect(line).toContain('\x1b[33mblock')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
    expect(line.replace(/\x1b\[\d+m/g, '')).toBe(plain(event))
  })
})

describe('formatJson', () => {
  test('is one line of ASCII that means the same', () => {
    const line = formatJson(traffic({ command: 'reject', rejected: 'x', code: 1, reason: hostile })) ?? ''
    expect(line).toMatch(/^[ -~]+$/)
    expect(JSON.parse(line)).toMatchObject({ message: { reason: hostile } })
  })

  test('summarises long byte strings and lists', () => {
    const payload = new Uint8Array(1001)
    const line = formatJson(traffic({ command: 'unknown', name: 'x', payload })) ?? ''
    expect(JSON.parse(line)).toMatchObject({ message: { payload: { length: 1001 } } })
    const headers = Array.from({ length: 101 }, () => regtest.genesis)
    const long = formatJson(traffic({ command: 'headers', headers })) ?? ''
    expect(JSON.parse(long)).toMatchObject({ message: { headers: { length: 101 } } })
  })

  test('keeps 64 bits as text in the figures', () => {
    const reason = { code: 'disconnected', by: 'local', reason: 'x' } as const
    expect(JSON.parse(formatJson({ event: 'closed', reason, stats }) ?? '')).toMatchObject({
      event: 'closed',
      peer: 3,
      stats: { address: '[::1]:5', localAddress: null, services: '0x8000000000000409', lastSend: null },
    })
  })

  test('has nothing to say of words for people', () => {
    expect(formatJson({ event: 'note', text: 'x' })).toBeUndefined()
  })
})

test('printable keeps our own signs and shows all else', () => {
  expect(printable('a …→←·')).toBe('a …→←·')
  expect(printable(hostile)).toBe('\\x1b[2J\\x0d\\x0a\\x07\\x7f\\x9b31m\\u202e\\u1f600\\xe9')
})

describe('Output', () => {
  const sink = (isTTY: boolean): Sink => Object.assign(new PassThrough(), { isTTY })
  const output = (isTTY: boolean) => new Output(sink(isTTY), sink(isTTY))

  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal: %s, with %j: coloured %s', (isTTY, env, expected) => {
    expect(output(isTTY).color(env)).toBe(expected)
  })

  test('complains in one harmless line', () => {
    const err = new PassThrough()
    new Output(new PassThrough(), err).complain('a\nb\x1b')
    expect(String(err.read())).toBe('rxpeer: a\\x0ab\\x1b\n')
  })

  test('is closed by EPIPE, before or after somebody asks, and fails by all else', () => {
    const fail = (code: string) => Object.assign(new Error(code), { code })
    const seen: string[] = []
    const see = (name: string) => ({
      next: () => seen.push(`${name} closed`),
      error: (error: unknown) => seen.push(`${name} ${error instanceof Error ? error.message : ''}`),
    })
    const out = new PassThrough()
    const piped = new Output(out, new PassThrough())
    piped.closed$.subscribe(see('early'))
    out.emit('error', fail('EPIPE'))
    piped.closed$.subscribe(see('late'))
    const full = new PassThrough()
    new Output(full, new PassThrough()).closed$.subscribe(see('full'))
    full.emit('error', fail('ENOSPC'))
    expect(seen).toEqual(['early closed', 'late closed', 'full cannot write the output: ENOSPC'])
  })
})
