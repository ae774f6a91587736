import fc from 'fast-check'
import { Block } from '../../src/wire/block.js'
import { BlockHeader } from '../../src/wire/header.js'
import { addressSizes, NetworkId } from '../../src/wire/host.js'
import { type Inventory, InventoryType } from '../../src/wire/inventory.js'
import { RejectCode, type RejectMessage } from '../../src/wire/messages/reject.js'
import type { KnownCommand, KnownMessage, MessageOf } from '../../src/wire/messages.js'
import type { NetAddress, TimedNetAddress } from '../../src/wire/netaddress.js'
import { Transaction, type TransactionInput, type TransactionOutput } from '../../src/wire/transaction.js'

export const u8 = fc.integer({ min: 0, max: 0xff })
export const u16 = fc.integer({ min: 0, max: 0xffff })
export const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
export const i32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
export const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
export const i64 = fc.bigInt({ min: -0x8000_0000_0000_0000n, max: 0x7fff_ffff_ffff_ffffn })
export const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** Lists, mostly short, now and then long enough for a count of three bytes. */
export function counted<T>(item: fc.Arbitrary<T>, minLength = 0): fc.Arbitrary<readonly T[]> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.array(item, { minLength, maxLength: minLength + 5 }) },
    { weight: 1, arbitrary: item.map(one => Array<T>(253).fill(one)) },
  )
}

/** Byte strings, mostly short, now and then on either side of a length of one byte. */
export const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 30, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(252, 253, 600).map(length => new Uint8Array(length).fill(0x51)) },
)

/** Text of at most `maxLength` characters from U+0000 to U+00FF. */
export function text(maxLength: number): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength }).map(units => String.fromCharCode(...units))
}

const ipv4Mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

const ipv4 = fc.record({
  networkId: fc.constant(NetworkId.ipv4),
  address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
})

/** IPv6 with many zero groups, so that the text form is exercised; IPv4-mapped ones are IPv4, and fc… is CJDNS. */
const ipv6 = fc.record({
  networkId: fc.constant(NetworkId.ipv6),
  address: fc
    .array(fc.oneof(fc.constant(0), u16), { minLength: 8, maxLength: 8 })
    .map(groups => Uint8Array.from(groups.flatMap(group => [group >> 8, group & 0xff])))
    .filter(address => address[0] !== 0xfc && !ipv4Mapped.every((byte, i) => address[i] === byte)),
})

/** The network and bytes of an IPv4 or IPv6 address. */
export const host: fc.Arbitrary<Pick<NetAddress, 'networkId' | 'address'>> = fc.oneof(ipv4, ipv6)

export const netAddress: fc.Arbitrary<NetAddress> = fc
  .tuple(host, fc.record({ services: u64, port: u16 }))
  .map(([where, what]) => ({ ...what, ...where }))

export const timedNetAddress: fc.Arbitrary<TimedNetAddress> = fc
  .tuple(netAddress, u32)
  .map(([address, time]) => ({ ...address, time }))

/** An address of any network, as addrv2 carries it; those of unknown networks have any length up to 512. */
export const netAddressV2: fc.Arbitrary<TimedNetAddress> = fc
  .tuple(
    fc.oneof(
      ...[...addressSizes].map(([networkId, size]) =>
        fc.record({
          networkId: fc.constant<number>(networkId),
          address: fc.uint8Array({ minLength: size, maxLength: size }),
        }),
      ),
      fc.record({
        networkId: u8.filter(id => !addressSizes.has(id)),
        address: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(512).fill(7))),
      }),
    ),
    fc.record({ services: u64, port: u16, time: u32 }),
  )
  .map(([where, what]) => ({ ...what, ...where }))

/** Ascending places in a block, mostly near its start. */
export const indexes: fc.Arbitrary<readonly number[]> = fc
  .uniqueArray(fc.oneof(fc.nat(20), u16), { maxLength: 8 })
  .map(places => places.sort((a, b) => a - b))

export const inventory: fc.Arbitrary<Inventory> = fc.record({
  type: fc.oneof(fc.constantFrom(...Object.values(InventoryType)), u32),
  hash,
})

export const header: fc.Arbitrary<BlockHeader> = fc
  .record({ version: i32, previousBlock: hash, merkleRoot: hash, time: u32, bits: u32, nonce: u32 })
  .map(BlockHeader.from)

const input: fc.Arbitrary<TransactionInput> = fc.record({
  outpoint: fc.record({ txid: hash, index: fc.oneof(fc.nat(5), u32) }),
  scriptSig: bytes,
  sequence: u32,
  witness: fc.oneof(fc.constant([]), counted(bytes)),
})

const output: fc.Arbitrary<TransactionOutput> = fc.record({
  value: fc.oneof(fc.bigInt({ min: 0n, max: 21_000_000_0000_0000n }), i64),
  scriptPubKey: bytes,
})

/** Transactions with at least one input; half of them have a witness. */
export const transaction: fc.Arbitrary<Transaction> = fc
  .record({
    version: i32,
    inputs: fc.array(input, { minLength: 1, maxLength: 4 }),
    outputs: fc.array(output, { maxLength: 4 }),
    lockTime: u32,
  })
  .map(Transaction.from)

export const block: fc.Arbitrary<Block> = fc
  .tuple(header, fc.array(transaction, { maxLength: 4 }))
  .map(([first, transactions]) => Block.from(first, transactions))

const locator = { version: u32, locator: counted(hash), stop: hash }

const filterRange = { filterType: u8, startHeight: u32, stop: hash }

const rejectFields = {
  command: fc.constant('reject'),
  code: fc.oneof(fc.constantFrom(...Object.values(RejectCode)), u8),
  reason: text(111),
}
const named = fc.constantFrom('tx', 'block')
const data = fc.uint8Array({ minLength: 1, maxLength: 40 })

/** With the hash that it should have, without it, and with bytes that nobody expects. */
const reject: fc.Arbitrary<RejectMessage> = fc.oneof(
  fc.record(
    { ...rejectFields, rejected: text(12).filter(name => name !== 'tx' && name !== 'block'), data },
    { requiredKeys: ['command', 'code', 'reason', 'rejected'] },
  ),
  fc.record(
    { ...rejectFields, rejected: named, hash, data },
    { requiredKeys: ['command', 'code', 'reason', 'rejected', 'hash'] },
  ),
  fc.record(
    { ...rejectFields, rejected: named, data: data.filter(bytes => bytes.length < 32) },
    { requiredKeys: ['command', 'code', 'reason', 'rejected'] },
  ),
)

/** One generator for each row of the message table: a row without one does not compile. */
export const messageArbitraries: { readonly [C in KnownCommand]: fc.Arbitrary<MessageOf<C>> } = {
  addr: fc.record({ command: fc.constant('addr'), addresses: counted(timedNetAddress) }),
  addrv2: fc.record({ command: fc.constant('addrv2'), addresses: counted(netAddressV2) }),
  alert: fc.record({ command: fc.constant('alert'), payload: bytes, signature: bytes }),
  block: fc.record({ command: fc.constant('block'), block }),
  blocktxn: fc.record({
    command: fc.constant('blocktxn'),
    blockHash: hash,
    transactions: fc.array(transaction, { maxLength: 4 }),
  }),
  cfcheckpt: fc.record({
    command: fc.constant('cfcheckpt'),
    filterType: u8,
    stop: hash,
    filterHeaders: counted(hash),
  }),
  cfheaders: fc.record({
    command: fc.constant('cfheaders'),
    filterType: u8,
    stop: hash,
    previousFilterHeader: hash,
    filterHashes: counted(hash),
  }),
  cfilter: fc.record({ command: fc.constant('cfilter'), filterType: u8, blockHash: hash, filter: bytes }),
  cmpctblock: fc.record({
    command: fc.constant('cmpctblock'),
    header,
    nonce: u64,
    shortIds: counted(fc.maxSafeNat().map(id => id % 2 ** 48)),
    prefilled: fc
      .tuple(indexes, fc.array(transaction, { minLength: 8, maxLength: 8 }))
      .map(([places, all]) => places.map((index, i) => ({ index, transaction: all[i]! }))),
  }),
  feefilter: fc.record({ command: fc.constant('feefilter'), feeRate: i64 }),
  filteradd: fc.record({ command: fc.constant('filteradd'), data: bytes.filter(data => data.length <= 520) }),
  filterclear: fc.constant({ command: 'filterclear' }),
  filterload: fc.record({
    command: fc.constant('filterload'),
    filter: bytes,
    hashFunctions: fc.nat(50),
    tweak: u32,
    flags: u8,
  }),
  getaddr: fc.constant({ command: 'getaddr' }),
  getblocks: fc.record({ command: fc.constant('getblocks'), ...locator }),
  getblocktxn: fc.record({ command: fc.constant('getblocktxn'), blockHash: hash, indexes }),
  getcfcheckpt: fc.record({ command: fc.constant('getcfcheckpt'), filterType: u8, stop: hash }),
  getcfheaders: fc.record({ command: fc.constant('getcfheaders'), ...filterRange }),
  getcfilters: fc.record({ command: fc.constant('getcfilters'), ...filterRange }),
  getdata: fc.record({ command: fc.constant('getdata'), inventory: counted(inventory) }),
  getheaders: fc.record({ command: fc.constant('getheaders'), ...locator }),
  headers: fc.record({ command: fc.constant('headers'), headers: counted(header) }),
  inv: fc.record({ command: fc.constant('inv'), inventory: counted(inventory) }),
  mempool: fc.constant({ command: 'mempool' }),
  merkleblock: fc.record({
    command: fc.constant('merkleblock'),
    header,
    totalTransactions: u32,
    hashes: counted(hash),
    flags: bytes,
  }),
  notfound: fc.record({ command: fc.constant('notfound'), inventory: counted(inventory) }),
  ping: fc.record({ command: fc.constant('ping'), nonce: u64 }),
  pong: fc.record({ command: fc.constant('pong'), nonce: u64 }),
  reject,
  sendaddrv2: fc.constant({ command: 'sendaddrv2' }),
  sendcmpct: fc.record({ command: fc.constant('sendcmpct'), highBandwidth: fc.boolean(), version: u64 }),
  sendheaders: fc.constant({ command: 'sendheaders' }),
  sendtxrcncl: fc.record({ command: fc.constant('sendtxrcncl'), version: u32, salt: u64 }),
  tx: fc.record({ command: fc.constant('tx'), transaction }),
  verack: fc.constant({ command: 'verack' }),
  version: fc.record({
    command: fc.constant('version'),
    protocolVersion: i32,
    services: u64,
    timestamp: i64,
    receiver: netAddress,
    sender: netAddress,
    nonce: u64,
    userAgent: fc.oneof({ weight: 9, arbitrary: text(40) }, { weight: 1, arbitrary: text(256) }),
    startHeight: i32,
    relay: fc.boolean(),
  }),
  wtxidrelay: fc.constant({ command: 'wtxidrelay' }),
}

/** Any message of the table. */
export const knownMessage: fc.Arbitrary<KnownMessage> = fc.oneof(...Object.values(messageArbitraries))
