import {
  Block,
  BlockHeader,
  encodeFrame,
  encodeMessage,
  InventoryType,
  type Message,
  regtest,
  Transaction,
  type VersionMessage,
  wireName,
  zeroHash,
} from 'rxpeer/wire'

/** Names of the two policies that a victim can have. */
export type PolicyName = 'btcd' | 'core'

/** Something that a remote does to bring its peer down. */
export interface Attack {
  /** For people. */
  readonly what: string
  /** How far it shakes hands before; it says its part without waiting. */
  readonly greets: 'fully' | 'half' | 'not'
  /** Whether it reads what it is sent. */
  readonly reads: boolean
  /** What it says, chunk by chunk, as fast as it is taken; endless ones are ended from outside. */
  chunks(): Iterable<Uint8Array>
  /** ms between two chunks, where it is in no hurry. */
  readonly every?: number
  /** Whether it comes again when it has said all. */
  readonly again?: boolean
  /** The code with which the victim has to end it; without one it stays until it leaves. */
  readonly ends?: Readonly<Partial<Record<PolicyName, string>>>
}

/** A message as it stands on the wire. */
export function frame(message: Message): Uint8Array {
  return encodeFrame(regtest.magic, wireName(message), encodeMessage(message))
}

const nowhere = { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 }

/** The version message of a remote. */
export function versionOf(nonce: bigint): VersionMessage {
  return {
    command: 'version',
    protocolVersion: 70016,
    services: 9n,
    timestamp: 1_700_000_000n,
    receiver: nowhere,
    sender: nowhere,
    nonce,
    userAgent: '/hostile:1.0.0/',
    startHeight: 0,
    relay: true,
  }
}

/** A block of `size` bytes in one output, without work; each number gives another one. */
export function blockOf(number: number, size = 1_000_000): Block {
  const coinbase = Transaction.from({
    version: 2,
    inputs: [
      {
        outpoint: { txid: zeroHash, index: 0xffff_ffff },
        scriptSig: Uint8Array.of(2, number, number >> 8),
        sequence: 0xffff_ffff,
        witness: [],
      },
    ],
    outputs: [{ value: 0n, scriptPubKey: new Uint8Array(size) }],
    lockTime: 0,
  })
  const header = BlockHeader.from({
    version: 4,
    previousBlock: zeroHash,
    merkleRoot: zeroHash,
    time: 1_700_000_000,
    bits: 0x207f_ffff,
    nonce: number,
  })
  return Block.from(header, [coinbase])
}

/** Many of the same small message in one chunk. */
function packed(message: Message, bytes = 65_536): { readonly chunk: Uint8Array; readonly count: number } {
  const one = frame(message)
  const count = Math.floor(bytes / one.length)
  const chunk = new Uint8Array(count * one.length)
  for (let i = 0; i < count; i += 1) chunk.set(one, i * one.length)
  return { chunk, count }
}

/** `times` of the same small message. */
function* repeated(message: Message, times: number): Generator<Uint8Array> {
  const { chunk, count } = packed(message)
  const one = chunk.length / count
  for (let left = times; left > 0; left -= count) yield left < count ? chunk.subarray(0, left * one) : chunk
}

function* forEver(bytes: Uint8Array): Generator<Uint8Array> {
  for (;;) yield bytes
}

/** The same messages round and round. */
function* inTurn(messages: readonly Message[], times: number): Generator<Uint8Array> {
  const round = Buffer.concat(messages.map(frame))
  for (let i = 0; i < times; i += 1) yield round
}

/** Bytes one by one. */
function* dripped(bytes: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += 1) yield bytes.subarray(i, i + 1)
}

const ping: Message = { command: 'ping', nonce: 7n }
const getaddr: Message = { command: 'getaddr' }
const getdata: Message = {
  command: 'getdata',
  inventory: [{ type: InventoryType.block, hash: new Uint8Array(32).fill(1) }],
}
const unknown = (size: number): Message => ({
  command: 'unknown',
  name: 'mystery',
  payload: new Uint8Array(size),
})

/** A different one each time, since what is known already costs less. */
function* invs(): Generator<Uint8Array> {
  const inventory = Array.from({ length: 50_000 }, (_, i) => {
    const hash = new Uint8Array(32)
    new DataView(hash.buffer).setUint32(0, i)
    return { type: InventoryType.tx, hash }
  })
  for (let round = 0; ; round += 1) {
    // The last thousand are what is remembered.
    for (const { hash } of inventory.slice(-1_000)) new DataView(hash.buffer).setUint32(4, round)
    yield frame({ command: 'inv', inventory })
  }
}

const addresses = Array.from({ length: 1_000 }, (_, i) => ({
  services: 9n,
  networkId: 1,
  address: Uint8Array.of(1 + (i >> 8), i, 3, 4),
  port: 8_333,
  time: 1_700_000_000,
}))

const headers = Array.from({ length: 2_000 }, (_, nonce) =>
  BlockHeader.from({
    version: 4,
    previousBlock: zeroHash,
    merkleRoot: zeroHash,
    time: 1_700_000_000,
    bits: 0x207f_ffff,
    nonce,
  }),
)

const stalled = { btcd: 'send-stalled', core: 'send-stalled' } as const

/** A message whose checksum is wrong. */
function spoiled(message: Message): Uint8Array {
  const bytes = frame(message)
  bytes[20] = (bytes[20] ?? 0) ^ 1
  return bytes
}

/** All attacks by name; a new one is a row. */
export const attacks: Readonly<Record<string, Attack>> = {
  pings: {
    what: '1,500,000 pings, reads nothing',
    greets: 'fully',
    reads: false,
    chunks: () => repeated(ping, 1_500_000),
    ends: stalled,
  },
  getaddr: {
    what: '300,000 getaddr, reads nothing',
    greets: 'fully',
    reads: false,
    chunks: () => repeated(getaddr, 300_000),
    ends: stalled,
  },
  getdata: {
    what: '500 getdata of 1 MB blocks, reads nothing',
    greets: 'fully',
    reads: false,
    chunks: () => repeated(getdata, 500),
    ends: stalled,
  },
  mixed: {
    what: 'pings, getaddr and getdata in turn, reads nothing',
    greets: 'fully',
    reads: false,
    chunks: () => inTurn([ping, getaddr, getdata, ping], 100_000),
    ends: stalled,
  },
  'pings-read': {
    what: '1,500,000 pings, reads all',
    greets: 'fully',
    reads: true,
    chunks: () => repeated(ping, 1_500_000),
  },
  'getaddr-read': {
    what: '300,000 getaddr, reads all',
    greets: 'fully',
    reads: true,
    chunks: () => repeated(getaddr, 300_000),
  },
  'getdata-read': {
    what: '500 getdata of 1 MB blocks, reads all',
    greets: 'fully',
    reads: true,
    chunks: () => repeated(getdata, 500),
  },
  inv: {
    what: 'inv of 50,000 for ever',
    greets: 'fully',
    reads: true,
    chunks: invs,
  },
  unknown: {
    what: 'unknown messages of 4 MB for ever',
    greets: 'fully',
    reads: true,
    chunks: () => forEver(frame(unknown(4_000_000))),
  },
  tiny: {
    what: 'empty unknown messages for ever, 40,000 in a chunk',
    greets: 'fully',
    reads: true,
    chunks: () => forEver(packed(unknown(0), 1_000_000).chunk),
  },
  blocks: {
    what: 'blocks of 1 MB that nobody asked for, for ever',
    greets: 'fully',
    reads: true,
    chunks: () => forEver(frame({ command: 'block', block: blockOf(1) })),
  },
  addr: {
    what: 'addr of 1,000 for ever',
    greets: 'fully',
    reads: true,
    chunks: () => forEver(frame({ command: 'addr', addresses })),
  },
  headers: {
    what: 'headers of 2,000 for ever',
    greets: 'fully',
    reads: true,
    chunks: () => forEver(frame({ command: 'headers', headers })),
  },
  spoiled: {
    what: 'pings with a wrong checksum for ever',
    greets: 'fully',
    reads: true,
    chunks: () => forEver(Buffer.concat(Array.from({ length: 2_000 }, () => spoiled(ping)))),
    ends: { btcd: 'bad-checksum' },
  },
  drip: {
    what: 'a ping, one byte every ms',
    greets: 'fully',
    reads: true,
    chunks: () => dripped(Buffer.concat(Array.from({ length: 200 }, () => frame(ping)))),
    every: 1,
  },
  trickling: {
    what: 'a ping ten times a second',
    greets: 'fully',
    reads: true,
    chunks: () => forEver(frame(ping)),
    every: 100,
  },
  half: {
    what: 'a message of 4 MB without its last byte',
    greets: 'fully',
    reads: true,
    chunks: () => [frame(unknown(4_000_000)).subarray(0, -1)],
  },
  'before-version': {
    what: 'pings in place of a version, for ever',
    greets: 'not',
    reads: true,
    chunks: () => forEver(packed(ping).chunk),
    ends: { btcd: 'message-before-version', core: 'handshake-timeout' },
  },
  'before-verack': {
    what: 'unknown messages in place of verack, for ever',
    greets: 'half',
    reads: true,
    chunks: () => forEver(packed(unknown(0)).chunk),
    ends: { btcd: 'handshake-timeout', core: 'handshake-timeout' },
  },
  knocking: {
    what: 'shakes hands and goes, again and again',
    greets: 'fully',
    reads: true,
    chunks: () => [],
    again: true,
  },
}
