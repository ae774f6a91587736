import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { wireFaults } from '../../src/wire/error.js'
import { formatMessage } from '../../src/wire/format.js'
import { fromHex, hexToBytes } from '../../src/wire/hex.js'
import { NetworkId } from '../../src/wire/host.js'
import { InventoryType } from '../../src/wire/inventory.js'
import { decodeMessage, encodeMessage, type KnownCommand, type Message } from '../../src/wire/messages.js'
import { mainnet, regtest } from '../../src/wire/network.js'
import { reconstruct } from '../../src/wire/reconstruct.js'
import { Transaction } from '../../src/wire/transaction.js'
import * as arbitraries from '../support/arbitraries.js'
import { collidingNumbers, timesAsLong } from '../support/colliding.js'
import { mutate, seeded } from '../support/mutate.js'
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.js'
import { outcome } from '../support/wire.js'

const genesis = '00000000…0a8ce26f'
const hash = fromHex(`12345678${'00'.repeat(24)}9abcdef0`)
const shown = '12345678…9abcdef0'
const other = new Uint8Array(32).fill(1)
const zero = new Uint8Array(32)

const transaction = Transaction.from({
  version: 2,
  inputs: [
    {
      outpoint: { txid: zero, index: 0 },
      scriptSig: new Uint8Array(0),
      sequence: 0,
      witness: [new Uint8Array(64)],
    },
  ],
  outputs: [
    { value: 30_000_000n, scriptPubKey: new Uint8Array(0) },
    { value: 20_000_000n, scriptPubKey: new Uint8Array(0) },
  ],
  lockTime: 0,
})
const txid = '6ec5480e…1c981a34'
const block = Block.from(mainnet.genesis, [transaction])
const ipv4 = {
  services: 1n,
  networkId: NetworkId.ipv4,
  address: Uint8Array.of(1, 2, 3, 4),
  port: 8333,
  time: 0,
}
const ipv6 = { ...ipv4, networkId: NetworkId.ipv6, address: hexToBytes(`20010db8${'00'.repeat(11)}01`) }
const wtx = (index: number) => ({ type: InventoryType.wtx, hash: new Uint8Array(32).fill(index) })

/** Messages as a person reads them, above all those that have a form of their own; the rest are told field by field. */
const lines: { readonly [C in KnownCommand]?: readonly (readonly [Message & { command: C }, string])[] } = {
  addr: [
    [{ command: 'addr', addresses: [] }, 'addr 0'],
    [{ command: 'addr', addresses: [ipv4] }, 'addr 1: 1.2.3.4:8333'],
    [{ command: 'addr', addresses: [ipv4, ipv6] }, 'addr 2'],
  ],
  addrv2: [
    [{ command: 'addrv2', addresses: [ipv6] }, 'addrv2 1: [2001:db8::1]:8333'],
    [
      { command: 'addrv2', addresses: [{ ...ipv4, networkId: 99, address: new Uint8Array(512) }] },
      `addrv2 1: ${'00'.repeat(40)}:8333`,
    ],
    [{ command: 'addrv2', addresses: [ipv4, ipv4, ipv4] }, 'addrv2 3'],
  ],
  alert: [
    [
      { command: 'alert', payload: new Uint8Array(96), signature: new Uint8Array(1) },
      'alert payload 96 bytes signature 1 byte',
    ],
  ],
  block: [[{ command: 'block', block }, `block ${genesis} 1 tx 218 bytes`]],
  blocktxn: [
    [{ command: 'blocktxn', blockHash: hash, transactions: [] }, `blocktxn ${shown} 0`],
    [{ command: 'blocktxn', blockHash: hash, transactions: [transaction] }, `blocktxn ${shown} 1: ${txid}`],
  ],
  cfcheckpt: [
    [
      { command: 'cfcheckpt', filterType: 0, stop: hash, filterHeaders: [zero, zero] },
      `cfcheckpt filterType 0 stop ${shown} filterHeaders 2 items`,
    ],
  ],
  cfheaders: [
    [
      { command: 'cfheaders', filterType: 0, stop: hash, previousFilterHeader: other, filterHashes: [zero] },
      `cfheaders filterType 0 stop ${shown} previousFilterHeader 01010101…01010101 filterHashes 1 item`,
    ],
  ],
  cfilter: [
    [
      { command: 'cfilter', filterType: 0, blockHash: hash, filter: new Uint8Array(20_000) },
      `cfilter filterType 0 blockHash ${shown} filter 20.0 kB`,
    ],
  ],
  cmpctblock: [
    [
      {
        command: 'cmpctblock',
        header: mainnet.genesis,
        nonce: 1n,
        shortIds: [1, 2],
        prefilled: [{ index: 0, transaction }],
      },
      `cmpctblock ${genesis} 2 short ids, 1 prefilled`,
    ],
  ],
  feefilter: [[{ command: 'feefilter', feeRate: 1000n }, 'feefilter 1000 sat/kvB']],
  filteradd: [[{ command: 'filteradd', data: new Uint8Array(3) }, 'filteradd data 3 bytes']],
  filterclear: [[{ command: 'filterclear' }, 'filterclear']],
  filterload: [
    [
      { command: 'filterload', filter: new Uint8Array(36_000), hashFunctions: 10, tweak: 5, flags: 1 },
      'filterload filter 36.0 kB hashFunctions 10 tweak 5 flags 1',
    ],
  ],
  getaddr: [[{ command: 'getaddr' }, 'getaddr']],
  getblocks: [
    [
      { command: 'getblocks', version: 1, locator: [hash, zero], stop: other },
      `getblocks locator 2 from ${shown} to 01010101…01010101`,
    ],
  ],
  getblocktxn: [
    [{ command: 'getblocktxn', blockHash: hash, indexes: [7] }, `getblocktxn ${shown} 1: 7`],
    [{ command: 'getblocktxn', blockHash: hash, indexes: [7, 8] }, `getblocktxn ${shown} 2`],
  ],
  getcfcheckpt: [
    [{ command: 'getcfcheckpt', filterType: 0, stop: hash }, `getcfcheckpt filterType 0 stop ${shown}`],
  ],
  getcfheaders: [
    [
      { command: 'getcfheaders', filterType: 0, startHeight: 9, stop: hash },
      `getcfheaders filterType 0 startHeight 9 stop ${shown}`,
    ],
  ],
  getcfilters: [
    [
      { command: 'getcfilters', filterType: 0, startHeight: 9, stop: hash },
      `getcfilters filterType 0 startHeight 9 stop ${shown}`,
    ],
  ],
  getdata: [
    [
      { command: 'getdata', inventory: [{ type: InventoryType.witnessBlock, hash }] },
      `getdata 1: 1 witnessBlock ${shown}`,
    ],
  ],
  getheaders: [
    [{ command: 'getheaders', version: 1, locator: [], stop: zero }, 'getheaders locator 0'],
    [
      { command: 'getheaders', version: 1, locator: [hash], stop: zero },
      `getheaders locator 1 from ${shown}`,
    ],
  ],
  headers: [
    [{ command: 'headers', headers: [] }, 'headers 0'],
    [{ command: 'headers', headers: [mainnet.genesis] }, `headers 1: ${genesis}`],
    [
      { command: 'headers', headers: [mainnet.genesis, mainnet.genesis, regtest.genesis] },
      `headers 3: ${genesis}→0f9188f1…466e2206`,
    ],
  ],
  inv: [
    [{ command: 'inv', inventory: [] }, 'inv 0'],
    [
      { command: 'inv', inventory: [wtx(1), wtx(2), { type: InventoryType.block, hash }] },
      `inv 3: 2 wtx, 1 block ${shown}`,
    ],
    [{ command: 'inv', inventory: [{ type: 0x99, hash }] }, `inv 1: 1 0x99 ${shown}`],
    [
      {
        command: 'inv',
        inventory: [91, 92, 93, 94, 95, 96, 97].flatMap(type => [
          { type, hash },
          { type, hash },
        ]),
      },
      'inv 14: 2 0x5b, 2 0x5c, 2 0x5d, 2 0x5e, 2 0x5f, …',
    ],
  ],
  mempool: [[{ command: 'mempool' }, 'mempool']],
  merkleblock: [
    [
      {
        command: 'merkleblock',
        header: mainnet.genesis,
        totalTransactions: 461,
        hashes: [zero],
        flags: new Uint8Array(1),
      },
      `merkleblock ${genesis} 461 txs, hashes 1`,
    ],
  ],
  notfound: [
    [{ command: 'notfound', inventory: [{ type: InventoryType.tx, hash }] }, `notfound 1: 1 tx ${shown}`],
  ],
  ping: [[{ command: 'ping', nonce: 1234n }, 'ping 1234']],
  pong: [[{ command: 'pong', nonce: 1234n }, 'pong 1234']],
  reject: [
    [
      { command: 'reject', rejected: 'tx', code: 0x40, reason: 'dust', hash },
      `reject "tx" 0x40 "dust" ${shown}`,
    ],
    [
      { command: 'reject', rejected: 'tx', code: 1, reason: '', data: new Uint8Array(12) },
      'reject "tx" 0x1 "" data 12 bytes',
    ],
    [
      { command: 'reject', rejected: 'a\x1b[2J', code: 1, reason: 'no\r\n"x" \\ \xff\x9b' },
      'reject "a\\x1b[2J" 0x1 "no\\x0d\\x0a\\"x\\" \\\\ \\xff\\x9b"',
    ],
    [
      { command: 'reject', rejected: 'version', code: 0x11, reason: 'y'.repeat(9999) },
      `reject "version" 0x11 "${'y'.repeat(111)}…"`,
    ],
  ],
  sendaddrv2: [[{ command: 'sendaddrv2' }, 'sendaddrv2']],
  sendcmpct: [
    [{ command: 'sendcmpct', highBandwidth: true, version: 2n }, 'sendcmpct version 2 high bandwidth'],
    [{ command: 'sendcmpct', highBandwidth: false, version: 1n }, 'sendcmpct version 1 low bandwidth'],
  ],
  sendheaders: [[{ command: 'sendheaders' }, 'sendheaders']],
  sendtxrcncl: [[{ command: 'sendtxrcncl', version: 1, salt: 5n }, 'sendtxrcncl version 1 salt 5']],
  tx: [[{ command: 'tx', transaction }, `tx ${txid} 1-in 2-out 0.5 BTC 86 vB`]],
  verack: [[{ command: 'verack' }, 'verack']],
  version: [
    [
      {
        command: 'version',
        protocolVersion: 70_016,
        services: 9n,
        timestamp: 0n,
        receiver: ipv4,
        sender: ipv4,
        nonce: 1n,
        userAgent: '/Satoshi:28.1.0\x1b[31m/',
        startHeight: 840_000,
        relay: true,
      },
      'version 70016 /Satoshi:28.1.031m/ height 840000 services network|witness',
    ],
  ],
  wtxidrelay: [[{ command: 'wtxidrelay' }, 'wtxidrelay']],
}

describe.each(Object.entries(lines))('%s', (_, rows) => {
  it.each(rows.map(([message, line]) => ({ message, line })))('$line', ({ message, line }) => {
    expect(formatMessage(message)).toBe(line)
  })
})

test.each([
  ['foo', 12, 'unknown "foo" 12 bytes'],
  ['', 0, 'unknown "" 0 bytes'],
  ['x', 1, 'unknown "x" 1 byte'],
  ['\x1b]0;\x07\n"', 9_999, 'unknown "\\x1b]0;\\x07\\x0a\\"" 9999 bytes'],
  ['big', 1_234_567, 'unknown "big" 1.2 MB'],
])('unknown %j of %i bytes', (name, length, line) => {
  expect(formatMessage({ command: 'unknown', name, payload: new Uint8Array(length) })).toBe(line)
})

test.each([
  [0n, '0 BTC'],
  [1n, '0.00000001 BTC'],
  [100_000_000n, '1 BTC'],
  [2_099_999_997_690_000n, '20999999.9769 BTC'],
  [-150_000_000n, '-1.5 BTC'],
])('%s satoshi are %s', (value, text) => {
  const one = Transaction.from({
    version: 1,
    inputs: transaction.inputs,
    outputs: [{ value, scriptPubKey: new Uint8Array(0) }],
    lockTime: 0,
  })
  expect(formatMessage({ command: 'tx', transaction: one })).toContain(` 1-out ${text} `)
})

test('whatever a remote sends is one short line of printable characters', () => {
  const unknown = fc.record({
    command: fc.constant('unknown' as const),
    name: arbitraries.text(12),
    payload: arbitraries.bytes,
  })
  fc.assert(
    fc.property(fc.oneof(arbitraries.knownMessage, unknown), message => {
      const line = formatMessage(message)
      expect(line).toMatch(/^[ -~…→]+$/)
      expect(line.length).toBeLessThan(800)
      expect(line.split(' ')[0]).toBe(message.command)
    }),
    { numRuns: 200 },
  )
})

describe('types that a remote chooses to collide in a table of V8 cost what others cost', () => {
  const count = 15_000
  const list = (types: readonly number[]) => types.map(type => ({ type, hash }))
  const [hostile, friendly] = [collidingNumbers(count), Array.from({ length: count }, (_, i) => i + 10)]

  it.each(['inv', 'getdata', 'notfound'] as const)('%s', command => {
    const [slow, fast] = [hostile, friendly].map(types =>
      decodeMessage(command, encodeMessage({ command, inventory: list(types) })),
    )
    expect(
      timesAsLong(
        () => formatMessage(slow!),
        () => formatMessage(fast!),
      ),
    ).toBeLessThan(8)
    expect(formatMessage(slow!)).toMatch(new RegExp(`^${command} 15000: (1 0x[0-9a-f]+ ${shown}, ){5}…$`))
  })
})

test('damaged messages are refused by a WireError, or shown like any other', () => {
  fc.assert(
    fc.property(arbitraries.knownMessage, fc.nat(), (message, seed) => {
      const payload = mutate(encodeMessage(message), seeded(seed))
      const code = outcome(() => {
        const decoded = decodeMessage(message.command, payload, { lenient: true })
        expect(formatMessage(decoded)).toMatch(/^[ -~…→]+$/)
        if (decoded.command === 'cmpctblock') expect(reconstruct(decoded, []).state).not.toBe('complete')
      })
      expect([...Object.keys(wireFaults), 'ok']).toContain(code)
    }),
    { numRuns: 300 },
  )
})

describeVectors('real messages', () => {
  interface Row {
    readonly command: string
    readonly payload: string
  }
  const { messages } = vectorJson<{ messages: readonly Row[] }>('wire/core_framework_messages.json', {
    messages: [],
  })

  it.each(messages)('$command', ({ command, payload }) => {
    const message = decodeMessage(command, hexToBytes(payload))
    const line = formatMessage(message)
    expect(line).toMatch(/^[ -~…→]+$/)
    expect(line.startsWith(command)).toBe(true)
  })

  it('a block of 1.2 MB', () => {
    const real = Block.decode(vectorBytes('blocks/mainnet_574200.raw'))
    expect(formatMessage({ command: 'block', block: real })).toMatch(
      new RegExp(`^block 00000000…[0-9a-f]{8} ${real.transactions.length} txs 1\\.2 MB$`),
    )
  })
})
