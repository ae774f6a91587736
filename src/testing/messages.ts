import type { InventoryTypeName } from '../stream/of-inventory.js'
import type { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { zeroHash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { List } from '../wire/list.js'
import type { LocatorFields } from '../wire/locator.js'
import type { AddrMessage } from '../wire/messages/addr.js'
import type { BlockMessage } from '../wire/messages/block.js'
import type { GetDataMessage } from '../wire/messages/getdata.js'
import type { GetHeadersMessage } from '../wire/messages/getheaders.js'
import type { HeadersMessage } from '../wire/messages/headers.js'
import type { InvMessage } from '../wire/messages/inv.js'
import type { NotFoundMessage } from '../wire/messages/notfound.js'
import type { PingMessage } from '../wire/messages/ping.js'
import type { PongMessage } from '../wire/messages/pong.js'
import type { TxMessage } from '../wire/messages/tx.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { type TimedNetAddress, unknownAddress } from '../wire/netaddress.js'
import { regtest } from '../wire/network.js'
import { Services } from '../wire/services.js'
import type { Transaction } from '../wire/transaction.js'
import { PROTOCOL_VERSION } from '../wire/versions.js'
import { buildAddress, buildBlock, buildHashes, buildHeaders, buildTransaction } from './build.js'
import { TEST_EPOCH } from './marbles.js'

/**
 * A remote's version message; name only what matters. The others: the newest protocol version, services `network` and
 * `witness`, 2023-11-14, nonce 99, user agent `/remote:1.0.0/`, height 100, relay.
 */
export function versionMessage(fields: Partial<Omit<VersionMessage, 'command'>> = {}): VersionMessage {
  return {
    command: 'version',
    protocolVersion: PROTOCOL_VERSION,
    services: Services.network | Services.witness,
    timestamp: BigInt(TEST_EPOCH / 1000),
    receiver: unknownAddress,
    sender: unknownAddress,
    nonce: 99n,
    userAgent: '/remote:1.0.0/',
    startHeight: 100,
    relay: true,
    ...fields,
  }
}

/** Entries of one type for these hashes, or for so many made-up ones. */
function entries(type: InventoryTypeName, hashes: Iterable<Hash> | number): Inventory[] {
  const list = typeof hashes === 'number' ? buildHashes(hashes) : Array.from(hashes)
  return list.map(hash => ({ type: InventoryType[type], hash }))
}

/**
 * Announces what these hashes name.
 * @param type - default `tx`
 * @param hashes - or how many made-up ones; default 1
 * @example invMessage('block', [block.hash])
 */
export function invMessage(type: InventoryTypeName = 'tx', hashes: Iterable<Hash> | number = 1): InvMessage {
  return { command: 'inv', inventory: entries(type, hashes) }
}

/** Asks for what these hashes name; see {@link invMessage}. */
export function getDataMessage(
  type: InventoryTypeName = 'tx',
  hashes: Iterable<Hash> | number = 1,
): GetDataMessage {
  return { command: 'getdata', inventory: entries(type, hashes) }
}

/** Says that what these hashes name is not here; see {@link invMessage}. */
export function notFoundMessage(
  type: InventoryTypeName = 'tx',
  hashes: Iterable<Hash> | number = 1,
): NotFoundMessage {
  return { command: 'notfound', inventory: entries(type, hashes) }
}

/**
 * Headers in a message.
 * @param headers - or the length of a chain from regtest's first block on; default 1
 */
export function headersMessage(headers: List<BlockHeader> | number = 1): HeadersMessage {
  return { command: 'headers', headers: typeof headers === 'number' ? buildHeaders(headers) : headers }
}

/** Asks for headers; by default for all behind regtest's first block. */
export function getHeadersMessage(fields: Partial<LocatorFields> = {}): GetHeadersMessage {
  return {
    command: 'getheaders',
    version: PROTOCOL_VERSION,
    locator: [regtest.genesis.hash],
    stop: zeroHash,
    ...fields,
  }
}

/** A transaction in a message. Default: {@link buildTransaction}. */
export function txMessage(transaction: Transaction = buildTransaction()): TxMessage {
  return { command: 'tx', transaction }
}

/** A block in a message. Default: {@link buildBlock}. */
export function blockMessage(block: Block = buildBlock()): BlockMessage {
  return { command: 'block', block }
}

/**
 * A ping.
 * @param nonce - default 1
 */
export function pingMessage(nonce = 1n): PingMessage {
  return { command: 'ping', nonce }
}

/**
 * A pong.
 * @param nonce - of the ping that is answered; default 1
 */
export function pongMessage(nonce = 1n): PongMessage {
  return { command: 'pong', nonce }
}

/**
 * Addresses of nodes.
 * @param addresses - each an address, or the text of one; default 192.0.2.1
 */
export function addrMessage(addresses: Iterable<TimedNetAddress | string> = ['192.0.2.1']): AddrMessage {
  const list = Array.from(addresses, given => (typeof given === 'string' ? buildAddress(given) : given))
  return { command: 'addr', addresses: list }
}
