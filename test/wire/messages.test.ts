import { describe, expect, it, test } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { WireError, type WireErrorCode } from '../../src/wire/error.js'
import { encodeFrame } from '../../src/wire/frame.js'
import { zeroHash } from '../../src/wire/hash.js'
import { BlockHeader } from '../../src/wire/header.js'
import { bytesToHex, fromHex, hexToBytes } from '../../src/wire/hex.js'
import { inventoryTypeName } from '../../src/wire/inventory.js'
import {
  decodeMessage,
  encodeMessage,
  isKnownCommand,
  type KnownCommand,
  type Message,
  type MessageOf,
  messageTypes,
  toPlain,
  wireName,
} from '../../src/wire/messages.js'
import {
  hostText,
  NetworkId,
  parseHost,
  type TimedNetAddress,
  unknownAddress,
} from '../../src/wire/netaddress.js'
import { mainnet, regtest } from '../../src/wire/network.js'
import { Transaction } from '../../src/wire/transaction.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const commands = Object.keys(messageTypes).filter(isKnownCommand)

// Two hashes whose order of bytes shows.
const [a, b] = [0x00, 0x80].map(from => Uint8Array.from({ length: 32 }, (_, i) => from + i))
const hashA = a!
const hashB = b!
const aHex = bytesToHex(hashA)
const bHex = bytesToHex(hashB)

const headerHex = `${'01000000'}${aHex}${bHex}${'61bc6649'}${'ffff001d'}${'01e36299'}`
const header = BlockHeader.from({
  version: 1,
  previousBlock: hashA,
  merkleRoot: hashB,
  time: 1_231_469_665,
  bits: 0x1d00ffff,
  nonce: 2_573_394_689,
})
const txHex = `02000000000101${aHex}0100000000ffffffff01e803000000000000015101${'02aabb'}00000000`
const transaction = Transaction.from({
  version: 2,
  inputs: [
    {
      outpoint: { txid: hashA, index: 1 },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_ffff,
      witness: [Uint8Array.of(0xaa, 0xbb)],
    },
  ],
  outputs: [{ value: 1_000n, scriptPubKey: Uint8Array.of(0x51) }],
  lockTime: 0,
})

const address: TimedNetAddress = {
  time: 0x01020304,
  services: 0x409n,
  networkId: NetworkId.ipv4,
  address: Uint8Array.of(10, 0, 0, 1),
  port: 8333,
}
const addressHex = '090400000000000000000000000000000000ffff0a000001208d'

const inventory = [
  { type: 1, hash: hashA },
  { type: 0x4000_0002, hash: hashB },
]
const inventoryHex = `0201000000${aHex}02000040${bHex}`
const locator = { version: 70_016, locator: [hashA, hashB], stop: zeroHash }
const locatorHex = `8011010002${aHex}${bHex}${'00'.repeat(32)}`

/** What is known of a message: one row, one fixture. Messages with a file in `messages/` have it there. */
interface Row<M extends Message> {
  /** Protocol version from which it exists. */
  readonly from: number
  /** Longest payload; by protocol version where it depends on it. */
  readonly longest: number | readonly (readonly [protocolVersion: number, bytes: number])[]
  /** One-byte id of BIP324. */
  readonly id: number | undefined
  readonly message: M
  readonly hex: string
}

const rows = {
  addr: {
    from: 0,
    longest: [
      [208, 35],
      [209, 30_009],
      [70_016, 30_009],
    ],
    id: 1,
    message: { command: 'addr', addresses: [address] },
    hex: `0104030201${addressHex}`,
  },
  addrv2: {
    from: 0,
    longest: 531_003,
    id: 28,
    message: { command: 'addrv2', addresses: [address] },
    hex: '0104030201' + 'fd0904' + '01' + '040a000001' + '208d',
  },
  alert: {
    from: 0,
    longest: 4_000_000,
    id: undefined,
    message: { command: 'alert', payload: Uint8Array.of(1, 2), signature: Uint8Array.of(3) },
    hex: '0201020103',
  },
  block: {
    from: 0,
    longest: 4_000_000,
    id: 2,
    message: { command: 'block', block: Block.from(header, [transaction]) },
    hex: `${headerHex}01${txHex}`,
  },
  blocktxn: {
    from: 70_014,
    longest: 4_000_000,
    id: 3,
    message: { command: 'blocktxn', blockHash: hashB, transactions: [transaction, transaction] },
    hex: `${bHex}02${txHex}${txHex}`,
  },
  cfcheckpt: {
    from: 0,
    longest: 3_200_038,
    id: 27,
    message: { command: 'cfcheckpt', filterType: 0, stop: hashA, filterHeaders: [hashB] },
    hex: `00${aHex}01${bHex}`,
  },
  cfheaders: {
    from: 0,
    longest: 64_074,
    id: 25,
    message: {
      command: 'cfheaders',
      filterType: 0,
      stop: hashA,
      previousFilterHeader: hashB,
      filterHashes: [hashA, hashB],
    },
    hex: `00${aHex}${bHex}02${aHex}${bHex}`,
  },
  cfilter: {
    from: 0,
    longest: 262_182,
    id: 23,
    message: { command: 'cfilter', filterType: 0, blockHash: hashA, filter: hexToBytes('019dfca8') },
    hex: `00${aHex}04019dfca8`,
  },
  cmpctblock: {
    from: 70_014,
    longest: 4_000_000,
    id: 4,
    message: {
      command: 'cmpctblock',
      header,
      nonce: 7n,
      shortIds: [0x060504030201, 1],
      prefilled: [
        { index: 0, transaction },
        { index: 3, transaction },
      ],
    },
    hex: `${headerHex}070000000000000002${'010203040506'}${'010000000000'}02${'00'}${txHex}${'02'}${txHex}`,
  },
  feefilter: {
    from: 70_013,
    longest: 8,
    id: 5,
    message: { command: 'feefilter', feeRate: 1_000n },
    hex: 'e803000000000000',
  },
  filteradd: {
    from: 70_001,
    longest: 523,
    id: 6,
    message: { command: 'filteradd', data: Uint8Array.of(1, 2, 3) },
    hex: '03010203',
  },
  filterclear: { from: 70_001, longest: 0, id: 7, message: { command: 'filterclear' }, hex: '' },
  filterload: {
    from: 70_001,
    longest: 36_012,
    id: 8,
    message: {
      command: 'filterload',
      filter: hexToBytes('614e9b'),
      hashFunctions: 5,
      tweak: 0x01020304,
      flags: 1,
    },
    hex: '03614e9b' + '05000000' + '04030201' + '01',
  },
  getaddr: { from: 0, longest: 0, id: undefined, message: { command: 'getaddr' }, hex: '' },
  getblocks: {
    from: 0,
    longest: 16_045,
    id: 9,
    message: { command: 'getblocks', ...locator },
    hex: locatorHex,
  },
  getblocktxn: {
    from: 70_014,
    longest: 32 + 5 + 65_536,
    id: 10,
    message: { command: 'getblocktxn', blockHash: hashA, indexes: [4, 5, 300] },
    hex: `${aHex}03${'04'}${'00'}${'fd2601'}`,
  },
  getcfcheckpt: {
    from: 0,
    longest: 33,
    id: 26,
    message: { command: 'getcfcheckpt', filterType: 0, stop: hashA },
    hex: `00${aHex}`,
  },
  getcfheaders: {
    from: 0,
    longest: 37,
    id: 24,
    message: { command: 'getcfheaders', filterType: 0, startHeight: 0x01020304, stop: hashA },
    hex: `0004030201${aHex}`,
  },
  getcfilters: {
    from: 0,
    longest: 37,
    id: 22,
    message: { command: 'getcfilters', filterType: 0, startHeight: 0x01020304, stop: hashA },
    hex: `0004030201${aHex}`,
  },
  getdata: {
    from: 0,
    longest: 1_800_009,
    id: 11,
    message: { command: 'getdata', inventory },
    hex: inventoryHex,
  },
  getheaders: {
    from: 31_800,
    longest: 16_045,
    id: 12,
    message: { command: 'getheaders', ...locator },
    hex: locatorHex,
  },
  headers: {
    from: 31_800,
    longest: 162_009,
    id: 13,
    message: { command: 'headers', headers: [header, header] },
    hex: `02${headerHex}00${headerHex}00`,
  },
  inv: { from: 0, longest: 1_800_009, id: 14, message: { command: 'inv', inventory }, hex: inventoryHex },
  mempool: { from: 60_002, longest: 0, id: 15, message: { command: 'mempool' }, hex: '' },
  merkleblock: {
    from: 70_001,
    longest: 4_000_000,
    id: 16,
    message: {
      command: 'merkleblock',
      header,
      totalTransactions: 3,
      hashes: [hashA, hashB],
      flags: Uint8Array.of(0x1d),
    },
    hex: `${headerHex}0300000002${aHex}${bHex}011d`,
  },
  notfound: {
    from: 70_001,
    longest: 1_800_009,
    id: 17,
    message: { command: 'notfound', inventory },
    hex: inventoryHex,
  },
  ping: {
    from: 0,
    longest: [
      [60_000, 0],
      [60_001, 8],
      [70_016, 8],
    ],
    id: 18,
    message: { command: 'ping', nonce: 0x0102030405060708n },
    hex: '0807060504030201',
  },
  pong: {
    from: 60_001,
    longest: 8,
    id: 19,
    message: { command: 'pong', nonce: 0xff02030405060708n },
    hex: '08070605040302ff',
  },
  reject: {
    from: 70_002,
    longest: 4_000_000,
    id: undefined,
    message: { command: 'reject', rejected: 'tx', code: 0x42, reason: 'fee', hash: hashA },
    hex: `027478${'42'}03666565${aHex}`,
  },
  sendaddrv2: { from: 0, longest: 0, id: undefined, message: { command: 'sendaddrv2' }, hex: '' },
  sendcmpct: {
    from: 70_014,
    longest: 9,
    id: 20,
    message: { command: 'sendcmpct', highBandwidth: true, version: 2n },
    hex: '010200000000000000',
  },
  sendheaders: { from: 70_012, longest: 0, id: undefined, message: { command: 'sendheaders' }, hex: '' },
  sendtxrcncl: {
    from: 70_016,
    longest: 12,
    id: undefined,
    message: { command: 'sendtxrcncl', version: 1, salt: 0x0102030405060708n },
    hex: '010000000807060504030201',
  },
  tx: { from: 0, longest: 4_000_000, id: 21, message: { command: 'tx', transaction }, hex: txHex },
  verack: { from: 0, longest: 0, id: undefined, message: { command: 'verack' }, hex: '' },
  version: {
    from: 0,
    longest: 358,
    id: undefined,
    message: {
      command: 'version',
      protocolVersion: 70_016,
      services: 0x409n,
      timestamp: 1_700_000_000n,
      receiver: address,
      sender: unknownAddress,
      nonce: 0x0102030405060708n,
      userAgent: '/rxpeer:0.1.0/',
      startHeight: -1,
      relay: true,
    },
    hex:
      '80110100' +
      '0904000000000000' +
      '00f1536500000000' +
      addressHex +
      '00'.repeat(26) +
      '0807060504030201' +
      '0e2f7278706565723a302e312e302f' +
      'ffffffff' +
      '01',
  },
  wtxidrelay: { from: 0, longest: 0, id: undefined, message: { command: 'wtxidrelay' }, hex: '' },
} satisfies { readonly [C in KnownCommand]?: Row<MessageOf<C>> }

describe.each(Object.entries<Row<Message>>(rows))('%s', (name, { from, longest, id, message, hex }) => {
  if (!isKnownCommand(name)) throw new Error(`${name} is not in the table`)
  const command: KnownCommand = name
  const type = messageTypes[command]
  const bytes = hexToBytes(hex)

  it('is written and read', () => {
    expect(bytesToHex(encodeMessage(message))).toBe(hex)
    const decoded = decodeMessage(command, bytes)
    expect(decoded.command).toBe(command)
    expect(toPlain(decoded)).toEqual(toPlain(message))
    expect(bytesToHex(encodeMessage(decoded))).toBe(hex)
  })

  it('prints as JSON', () => {
    const plain = toPlain(decodeMessage(command, bytes))
    expect(plain['command']).toBe(command)
    expect(JSON.parse(JSON.stringify(plain))).toEqual(plain)
  })

  it('stands in the table under its own name', () => {
    expect(type.command).toBe(command)
    expect(type.shortId).toBe(id)
    expect(type.codec.minSize).toBeLessThanOrEqual(hex.length / 2)
    expect(wireName(message)).toBe(command)
  })

  it(`exists from protocol version ${from} on`, () => {
    expect(type.minVersion).toBe(from)
    const runs = (protocolVersion: number) => [
      outcome(() => encodeMessage(message, { protocolVersion })),
      outcome(() => decodeMessage(command, encodeMessage(message, { protocolVersion }), { protocolVersion })),
    ]
    expect(runs(from)).toEqual(['ok', 'ok'])
    if (from === 0) return
    expect(wireErrorOf(() => encodeMessage(message, { protocolVersion: from - 1 }))).toMatchObject({
      code: 'unsupported-version',
      command,
    })
    expect(wireErrorOf(() => decodeMessage(command, bytes, { protocolVersion: from - 1 }))).toMatchObject({
      code: 'unsupported-version',
      command,
    })
  })

  it.each(typeof longest === 'number' ? [[70_016, longest]] : longest)(
    'at protocol version %i has at most %i bytes',
    (protocolVersion, length) => {
      expect(type.maxLength(protocolVersion)).toBe(length)
      const code = (size: number) =>
        outcome(() => decodeMessage(command, new Uint8Array(size), { protocolVersion }))
      expect(code(length + 1)).toBe('oversized-payload')
      expect(code(length)).not.toBe('oversized-payload')
    },
  )
})

test('the ids of BIP324 are given once', () => {
  const ids = commands.flatMap(command => messageTypes[command].shortId ?? [])
  expect(new Set(ids).size).toBe(ids.length)
})

describe('messages that the table does not know', () => {
  it.each(['bogus', 'constructor', '__proto__', 'toString', 'unknown', '', 'VERSION'])('"%s"', name => {
    const payload = Uint8Array.of(1, 2, 3)
    const message = decodeMessage(name, payload)
    expect(message).toEqual({ command: 'unknown', name, payload })
    expect(encodeMessage(message)).toBe(payload)
    expect(toPlain(message)).toEqual({ command: 'unknown', name, payload: '010203' })
    expect(wireName(message)).toBe(name)
    expect(isKnownCommand(name)).toBe(false)
  })

  it('have no more than 4,000,000 bytes', () => {
    const payload = new Uint8Array(4_000_001)
    expect(outcome(() => encodeMessage({ command: 'unknown', name: 'big', payload }))).toBe('oversized-frame')
    expect(
      outcome(() => encodeMessage({ command: 'unknown', name: 'big', payload: payload.subarray(1) })),
    ).toBe('ok')
  })
})

describe('other forms of the fixtures', () => {
  interface Form {
    readonly name: string
    readonly hex: string
    readonly message: Message
    readonly protocolVersion?: number
    readonly witness?: boolean
  }

  const { message: version, hex: versionHex } = rows.version
  const forms: readonly Form[] = [
    {
      name: 'addr without times',
      hex: `01${addressHex}`,
      message: { command: 'addr', addresses: [{ ...address, time: 0 }] },
      protocolVersion: 31_401,
    },
    { name: 'addr of nobody', hex: '00', message: { command: 'addr', addresses: [] } },
    {
      name: 'ping without a nonce',
      hex: '',
      message: { command: 'ping', nonce: 0n },
      protocolVersion: 60_000,
    },
    { name: 'feefilter below 0', hex: 'ffffffffffffffff', message: { command: 'feefilter', feeRate: -1n } },
    {
      name: 'reject without a hash',
      hex: '0476657273' + '11' + '00',
      message: { command: 'reject', rejected: 'vers', code: 0x11, reason: '' },
    },
    {
      name: 'reject of a block',
      hex: `05626c6f636b1200${bHex}`,
      message: { command: 'reject', rejected: 'block', code: 0x12, reason: '', hash: hashB },
    },
    {
      name: 'tx without its witness',
      hex: bytesToHex(transaction.stripped),
      message: { command: 'tx', transaction: Transaction.decode(transaction.stripped) },
      witness: false,
    },
    {
      name: 'version without relay',
      hex: versionHex.slice(0, -2),
      message: version,
      protocolVersion: 70_000,
    },
  ]

  it.each(forms)('$name', ({ hex, message, protocolVersion, witness }) => {
    expect(bytesToHex(encodeMessage(message, { protocolVersion, witness }))).toBe(hex)
    expect(toPlain(decodeMessage(message.command, hexToBytes(hex), { protocolVersion }))).toEqual(
      toPlain(message),
    )
  })

  it('transactions and blocks lose their witness where asked', () => {
    expect(encodeMessage(rows.tx.message, { witness: false })).toEqual(transaction.stripped)
    expect(encodeMessage(rows.block.message, { witness: false })).toEqual(rows.block.message.block.stripped)
  })

  it.each([
    [46, { sender: { host: '::', port: 0, services: '0x0' }, nonce: '1', userAgent: '', startHeight: -1 }],
    [80, { userAgent: '', startHeight: -1 }],
    [95, { startHeight: -1 }],
    [99, {}],
  ])('what a version of %i bytes leaves out reads as Core takes it', (length, absent) => {
    const other = { ...version, startHeight: 7, relay: true }
    const short = decodeMessage('version', encodeMessage(other).subarray(0, length))
    expect(toPlain(short)).toEqual({ ...toPlain(other), ...absent })
  })

  it('a version keeps nothing of the chunk that it came in', () => {
    const chunk = new Uint8Array(62_000)
    chunk.set(hexToBytes(versionHex), 1_000)
    const decoded = decodeMessage('version', chunk.subarray(1_000, 1_000 + versionHex.length / 2))
    if (decoded.command !== 'version') expect.fail(decoded.command)
    for (const { address: kept } of [decoded.receiver, decoded.sender]) {
      expect(kept.buffer.byteLength).toBe(kept.length)
    }
    chunk.fill(0xff)
    expect(toPlain(decoded)).toEqual(toPlain(version))
  })

  it.each([
    [46, 'ok'],
    [47, 'truncated'],
    // The sender's address without the nonce, which btcd takes and Core does not.
    [72, 'truncated'],
    [79, 'truncated'],
    [80, 'ok'],
    [94, 'truncated'],
    [95, 'ok'],
    [98, 'truncated'],
    [99, 'ok'],
    [100, 'ok'],
    [45, 'truncated'],
  ])('the first %i bytes of version are %s', (length, code) => {
    expect(outcome(() => decodeMessage('version', hexToBytes(versionHex).subarray(0, length)))).toBe(code)
  })

  it('relay is true for any byte but 0', () => {
    for (const [byte, relay] of [
      ['00', false],
      ['01', true],
      ['02', true],
    ] as const) {
      expect(toPlain(decodeMessage('version', hexToBytes(versionHex.slice(0, -2) + byte)))).toMatchObject({
        relay,
      })
    }
  })
})

describe('limits of counts and lengths, reading and writing', () => {
  const many = <T>(count: number, one: T): T[] => Array<T>(count).fill(one)
  interface Limit {
    readonly name: string
    /** What is at the limit; `over` is one more. */
    readonly at: Message
    readonly over: Message
    /** The beginning of the payload up to the count of `over`, for the reader. */
    readonly overHex: string
    readonly code: WireErrorCode
    readonly protocolVersion?: number
  }
  const entry = inventory[0]!
  const of = (count: number) => ({
    addr: { command: 'addr', addresses: many(count, address) } as const,
    inventory: many(count, entry),
    headers: { command: 'headers', headers: many(count, header) } as const,
    locator: { ...locator, locator: many(count, hashA) },
    userAgent: { ...rows.version.message, userAgent: 'x'.repeat(count) },
  })
  const limits: readonly Limit[] = [
    { name: '1000 addresses', at: of(1_000).addr, over: of(1_001).addr, overHex: 'fde903', code: 'too-many' },
    {
      name: '1 address before version 209',
      at: of(1).addr,
      over: of(2).addr,
      overHex: '02',
      code: 'too-many',
      protocolVersion: 208,
    },
    {
      name: '50000 entries of inv',
      at: { command: 'inv', inventory: of(50_000).inventory },
      over: { command: 'inv', inventory: of(50_001).inventory },
      overHex: 'fd51c3',
      code: 'too-many',
    },
    {
      name: '50000 entries of getdata',
      at: { command: 'getdata', inventory: of(50_000).inventory },
      over: { command: 'getdata', inventory: of(50_001).inventory },
      overHex: 'fd51c3',
      code: 'too-many',
    },
    {
      name: '50000 entries of notfound',
      at: { command: 'notfound', inventory: of(50_000).inventory },
      over: { command: 'notfound', inventory: of(50_001).inventory },
      overHex: 'fd51c3',
      code: 'too-many',
    },
    {
      name: '2000 headers',
      at: of(2_000).headers,
      over: of(2_001).headers,
      overHex: 'fdd107',
      code: 'too-many',
    },
    {
      name: '500 hashes of getblocks',
      at: { command: 'getblocks', ...of(500).locator },
      over: { command: 'getblocks', ...of(501).locator },
      overHex: '80110100fdf501',
      code: 'too-many',
    },
    {
      name: '500 hashes of getheaders',
      at: { command: 'getheaders', ...of(500).locator },
      over: { command: 'getheaders', ...of(501).locator },
      overHex: '80110100fdf501',
      code: 'too-many',
    },
    {
      name: '256 bytes of user agent',
      at: of(256).userAgent,
      over: of(257).userAgent,
      overHex: `${rows.version.hex.slice(0, 160)}fd0101`,
      code: 'too-long',
    },
    {
      name: '520 bytes of filteradd',
      at: { command: 'filteradd', data: new Uint8Array(520) },
      over: { command: 'filteradd', data: new Uint8Array(521) },
      overHex: 'fd0902',
      code: 'too-long',
    },
  ]

  it.each(limits)('$name', ({ at, over, overHex, code, protocolVersion }) => {
    const bytes = encodeMessage(at, { protocolVersion })
    expect(outcome(() => toPlain(decodeMessage(at.command, bytes, { protocolVersion })))).toBe('ok')
    expect(wireErrorOf(() => encodeMessage(over, { protocolVersion }))).toMatchObject({
      code,
      command: over.command,
    })
    expect(
      wireErrorOf(() => decodeMessage(over.command, hexToBytes(overHex), { protocolVersion })),
    ).toMatchObject({
      code,
      command: over.command,
    })
  })
})

describe('values that have no form', () => {
  it.each<[string, Message]>([
    ['a short hash', { command: 'getheaders', ...locator, stop: new Uint8Array(31) }],
    ['a nonce above 64 bits', { command: 'ping', nonce: 2n ** 64n }],
    ['a negative nonce', { command: 'pong', nonce: -1n }],
    ['a code above one byte', { command: 'reject', rejected: 'tx', code: 256, reason: '' }],
    ['text above U+00FF', { command: 'reject', rejected: 'tx', code: 1, reason: '€' }],
    ['a height above 31 bits', { ...rows.version.message, startHeight: 2 ** 31 }],
  ])('%s', (_, message) => {
    expect(wireErrorOf(() => encodeMessage(message))).toMatchObject({
      code: 'bad-value',
      command: message.command,
    })
  })

  it('a header with transactions behind it', () => {
    const payload = hexToBytes(`02${headerHex}00${headerHex}01`)
    expect(wireErrorOf(() => decodeMessage('headers', payload))).toMatchObject({
      code: 'bad-value',
      offset: 162,
    })
  })
})

describe('what Core reads over', () => {
  const lenient = { lenient: true }

  it.each([
    ['01', '00'],
    ['00', 'fc'],
    ['fdfd00', '00'],
    ['00', 'fe00000100'],
    ['02', 'fe00000002'],
  ])('transaction counts %s and %s behind headers', (first, second) => {
    const payload = hexToBytes(`02${headerHex}${first}${headerHex}${second}`)
    const decoded = decodeMessage('headers', payload, lenient)
    expect(toPlain(decoded)).toEqual(toPlain({ command: 'headers', headers: [header, header] }))
    expect(outcome(() => decodeMessage('headers', payload))).toBe('bad-value')
  })

  it.each([
    ['truncated', 'no count', ''],
    ['truncated', 'half a count', 'fdfd'],
    ['non-canonical-size', 'a count in too long a form', 'fdfc00'],
    ['too-long', 'a count above 32 MiB (MAX_SIZE)', 'fe01000002'],
  ])('but %s: %s', (code, _, count) => {
    const payload = hexToBytes(`01${headerHex}${count}`)
    const error = wireErrorOf(() => decodeMessage('headers', payload, lenient))
    expect(error).toMatchObject({ code, command: 'headers' })
  })

  it.each(['', '08', '08070605040302'])('a pong of "%s" is one with nonce 0', hex => {
    expect(decodeMessage('pong', hexToBytes(hex), lenient)).toEqual({ command: 'pong', nonce: 0n })
    expect(outcome(() => decodeMessage('pong', hexToBytes(hex)))).toBe('truncated')
  })

  it('a pong with more than a nonce has the nonce', () => {
    const payload = hexToBytes(`${rows.pong.hex}00`)
    expect(decodeMessage('pong', payload, lenient)).toEqual(rows.pong.message)
  })
})

describe('plain forms', () => {
  it('can be shortened', () => {
    const inv = { command: 'inv', inventory: Array(10).fill(inventory[0]) } as const
    expect(toPlain(inv, { maxItems: 9 })['inventory']).toMatchObject({ length: 10 })
    const unknown = { command: 'unknown', name: 'x', payload: new Uint8Array(100) } as const
    expect(toPlain(unknown, { maxBytes: 99 })['payload']).toMatchObject({ length: 100 })
  })
})

/** Every field that the vectors name; a message has those of its command. */
interface Fields {
  readonly protocolVersion: number
  readonly services: string
  readonly timestamp: number
  readonly addrYou: Address
  readonly addrMe: Address
  readonly addresses: readonly Address[]
  readonly nonce: string
  readonly userAgent: string
  readonly startHeight: number
  readonly relay?: boolean
  readonly inventory: readonly { readonly type: number; readonly hash: string }[]
  readonly headers: readonly Header[]
  readonly headerHashes: readonly string[]
  readonly header: Header
  readonly txid: string
  readonly wtxid: string
  readonly inputs: number
  readonly outputs: number
  readonly hash: string
  readonly transactions: readonly string[]
  readonly txids: readonly string[]
  readonly prefilled: readonly number[]
  readonly shortIds: readonly string[]
  readonly announce: boolean
  readonly version: string
  readonly command: string
  readonly code: number
  readonly reason: string
  readonly blockHash: string
  readonly stopHash: string
  readonly filterType: number
  readonly filter: string
  readonly hashFuncs: number
  readonly tweak: number
  readonly flags: number
  readonly totalTransactions: number
  readonly hashes: number
  readonly previousFilterHeader: string
  readonly filterHashes: readonly string[]
  readonly filterHeaders: readonly string[]
  readonly indexes: readonly number[]
}
interface Address {
  readonly time?: number
  readonly services: string
  readonly ip?: string
  readonly networkId?: number
  readonly address?: string
  readonly port: number
}
interface Header {
  readonly hash: string
  readonly prev: string
  readonly [field: string]: string | number
}

const plainAddress = ({ time, services, ip, address: text, port }: Address) => {
  const parsed = parseHost(ip ?? text ?? '')
  return {
    ...(time === undefined ? {} : { time }),
    host: parsed ? hostText(parsed) : (text ?? ''),
    port,
    services: `0x${BigInt(services).toString(16)}`,
  }
}
const plainHeader = ({ prev, ...fields }: Header) => ({ ...fields, previousBlock: prev })
const plainInventory = ({ inventory: entries }: Fields) => ({
  inventory: entries.map(({ type, hash }) => ({ type: inventoryTypeName(type), hash })),
})
const stopped = ({ stopHash, ...fields }: Fields) => ({ ...fields, stop: stopHash })

/** What `toPlain` should show, from the field names of the vectors; the same names where a command is not listed. */
const expectations: { readonly [C in KnownCommand]?: (fields: Fields) => object } = {
  version: fields => ({
    protocolVersion: fields.protocolVersion,
    services: `0x${BigInt(fields.services).toString(16)}`,
    timestamp: String(fields.timestamp),
    receiver: plainAddress(fields.addrYou),
    sender: plainAddress(fields.addrMe),
    nonce: fields.nonce,
    userAgent: fields.userAgent,
    startHeight: fields.startHeight,
    relay: fields.relay ?? true,
  }),
  addr: fields => ({ addresses: fields.addresses.map(plainAddress) }),
  addrv2: fields => ({ addresses: fields.addresses.map(plainAddress) }),
  inv: plainInventory,
  getdata: plainInventory,
  notfound: plainInventory,
  headers: ({ headers, headerHashes }) => ({
    headers: headers?.map(plainHeader) ?? headerHashes.map(hash => ({ hash })),
  }),
  tx: ({ txid, wtxid, inputs, outputs }) => ({
    transaction: {
      ...(txid === undefined ? {} : { txid, wtxid }),
      inputs: Array(inputs).fill({}),
      outputs: Array(outputs).fill({}),
    },
  }),
  block: ({ header: first, hash, transactions }) =>
    first
      ? { block: { ...plainHeader(first), transactions: transactions.map(txid => ({ txid })) } }
      : { block: { hash } },
  sendcmpct: ({ announce, version }) => ({ highBandwidth: announce, version }),
  reject: ({ command, code, reason, hash }) => ({ rejected: command, code, reason, hash }),
  filterload: ({ filter, hashFuncs, tweak, flags }) => ({ filter, hashFunctions: hashFuncs, tweak, flags }),
  merkleblock: ({ header: first, totalTransactions, hashes }) => ({
    ...(first ? { header: plainHeader(first) } : {}),
    totalTransactions,
    hashes: Array(hashes).fill(expect.any(String)),
  }),
  cmpctblock: ({ blockHash, nonce, shortIds, prefilled }) => ({
    header: { hash: blockHash },
    nonce,
    shortIds,
    prefilled: prefilled.map(index => ({ index })),
  }),
  getblocktxn: ({ blockHash, indexes }) => ({ blockHash, indexes }),
  blocktxn: ({ blockHash, txids }) => ({ blockHash, transactions: txids.map(txid => ({ txid })) }),
  getcfilters: stopped,
  getcfheaders: stopped,
  getcfcheckpt: stopped,
  cfheaders: stopped,
  cfcheckpt: stopped,
}

function checkVector(command: KnownCommand, payload: string, fields: Fields, protocolVersion?: number): void {
  const decoded = decodeMessage(command, hexToBytes(payload), { protocolVersion })
  const expected = expectations[command]?.(fields) ?? fields
  expect(toPlain(decoded)).toMatchObject({ ...expected, command })
  // The relay byte is the one field that both references leave out or write, depending on their age.
  const relayAbsent = command === 'version' && fields.relay === undefined
  const encoded = encodeMessage(decoded, { protocolVersion: relayAbsent ? 70_000 : protocolVersion })
  expect(bytesToHex(encoded)).toBe(payload)
}

describeVectors('wire/core_framework_messages.json', () => {
  interface Vector {
    readonly command: string
    readonly fields: Fields
    readonly payload: string
    readonly frame: { readonly mainnet: string; readonly regtest: string }
    readonly v2contents_prefix: string
    readonly note?: string
  }
  const { messages } = vectorJson<{ messages: readonly Vector[] }>('wire/core_framework_messages.json', {
    messages: [],
  })
  const known = messages.flatMap(vector =>
    isKnownCommand(vector.command) ? [{ ...vector, command: vector.command }] : [],
  )

  it('has no message that we do not know', () => {
    expect(messages.length).toBe(45)
    expect(messages.map(({ command }) => command).filter(command => !isKnownCommand(command))).toEqual([])
  })

  it.each(known)('$command $note', ({ command, payload, fields, frame, v2contents_prefix }) => {
    checkVector(command, payload, fields)
    const bytes = hexToBytes(payload)
    expect(bytesToHex(encodeFrame(mainnet.magic, command, bytes))).toBe(frame.mainnet)
    expect(bytesToHex(encodeFrame(regtest.magic, command, bytes))).toBe(frame.regtest)
    const id = messageTypes[command].shortId
    const name = Array.from(command.padEnd(12, '\0'), character => character.charCodeAt(0))
    expect(v2contents_prefix).toBe(bytesToHex(Uint8Array.from(id === undefined ? [0, ...name] : [id])))
  })
})

describeVectors('wire/btcd_messages.json', () => {
  interface Vector {
    readonly name: string
    readonly command: string
    readonly protocolVersion: number
    readonly payload: string
    readonly fields: Fields
  }
  interface Invalid {
    readonly name: string
    readonly command: string
    readonly payload: string
    readonly why: string
  }
  const vectors = vectorJson<{ readonly valid: readonly Vector[]; readonly invalid: readonly Invalid[] }>(
    'wire/btcd_messages.json',
    { valid: [], invalid: [] },
  )

  it.each(vectors.valid)('$command $name', ({ command, payload, fields, protocolVersion }) => {
    if (!isKnownCommand(command)) expect.fail('a message that we do not know')
    checkVector(command, payload, fields, protocolVersion)
  })

  const codes: Readonly<Record<string, WireErrorCode>> = {
    maxAddr: 'too-many',
    maxInv: 'too-many',
    maxGetData: 'too-many',
    maxNotFound: 'too-many',
    maxGetBlocks: 'too-many',
    maxGetHeaders: 'too-many',
    maxHeaders: 'too-many',
    transHeader: 'bad-value',
    filterLoadHashFuncs: 'bad-value',
    // Flag 0 makes a transaction without inputs and outputs, as in Core; what follows it is left over.
    witnessFlagZero: 'trailing-bytes',
  }

  it.each(vectors.invalid)('$command $name: $why', ({ name, command, payload }) => {
    const error = wireErrorOf(() => decodeMessage(command, hexToBytes(payload)))
    expect(error).toBeInstanceOf(WireError)
    expect(error).toMatchObject({ code: codes[name], command })
  })

  it('has all of them', () => {
    expect([vectors.valid.length, vectors.invalid.length]).toEqual([21, 10])
  })
})

test('the fixture hash is shown back to front', () => {
  expect(toPlain(rows.getcfcheckpt.message)['stop']).toBe(bytesToHex(hashA.slice().reverse()))
  expect(fromHex(bytesToHex(hashA.slice().reverse()))).toEqual(hashA)
})
