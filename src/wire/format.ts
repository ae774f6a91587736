import type { Plain } from './codec.js'
import { toHex } from './hex.js'
import { hostText } from './host.js'
import { type Inventory, inventoryTypeAt, inventoryTypeName } from './inventory.js'
import type { List } from './list.js'
import { type Command, type Message, type MessageOf, toPlain } from './messages.js'
import type { NetAddress } from './netaddress.js'
import { safeText } from './printable.js'
import { serviceNames } from './services.js'
import type { Transaction } from './transaction.js'
import { displayUserAgent } from './useragent.js'

/** Kinds of inventory that are spelled out; a remote can name four billion. */
const MAX_KINDS = 5

const short = (hex: string): string => `${hex.slice(0, 8)}…${hex.slice(-8)}`
const shortHash = (hash: Uint8Array): string => short(toHex(hash))
const services = (bits: bigint): string => serviceNames(bits).join('|') || 'none'
const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

function bytes(length: number): string {
  if (length >= 1_000_000) return `${(length / 1_000_000).toFixed(1)} MB`
  return length >= 10_000 ? `${(length / 1000).toFixed(1)} kB` : plural(length, 'byte')
}

/** Satoshi as bitcoin, without trailing zeros. */
function bitcoin(satoshi: bigint): string {
  const digits = (satoshi < 0n ? -satoshi : satoshi).toString().padStart(9, '0')
  const fraction = digits.slice(-8).replace(/0+$/, '')
  return `${satoshi < 0n ? '-' : ''}${digits.slice(0, -8)}${fraction && `.${fraction}`} BTC`
}

function address(value: NetAddress): string {
  const host = hostText(value)
  return `${host.includes(':') ? `[${host}]` : host.slice(0, 80)}:${value.port}`
}

/** The number of items and, where there is but one, the item. */
function counted<T>(items: List<T>, show: (item: T) => string): string {
  const only = items.length === 1 ? items.at(0) : undefined
  return only === undefined ? `${items.length}` : `1: ${show(only)}`
}

/**
 * How many there are of each type; the hash where a type has but one. The remote chooses the types, so they are no keys
 * of a table: V8 hashes numbers without a seed, and 50,000 types made to collide would take 100 times as long.
 */
function kinds(inventory: List<Inventory>): string {
  const groups: { type: number; count: number; first: number }[] = []
  let more = false
  for (let index = 0; index < inventory.length; index += 1) {
    const type = inventoryTypeAt(inventory, index)!
    const group = groups.find(each => each.type === type)
    if (group) group.count += 1
    else if (groups.length < MAX_KINDS) groups.push({ type, count: 1, first: index })
    else more = true
  }
  const shown = groups.map(({ type, count, first }) => {
    const name = `${count} ${inventoryTypeName(type)}`
    const only = count === 1 ? inventory.at(first) : undefined
    return only ? `${name} ${shortHash(only.hash)}` : name
  })
  if (more) shown.push('…')
  return shown.length > 0 ? `${inventory.length}: ${shown.join(', ')}` : '0'
}

function locator({ locator: hashes, stop }: MessageOf<'getheaders' | 'getblocks'>): string {
  const first = hashes.at(0)
  const from = first ? ` from ${shortHash(first)}` : ''
  return `locator ${hashes.length}${from}${stop.some(byte => byte !== 0) ? ` to ${shortHash(stop)}` : ''}`
}

function transaction(tx: Transaction): string {
  let sum = 0n
  for (const { value } of tx.outputs) sum += value
  const { inputs, outputs, txid, vsize } = tx
  return `${shortHash(txid)} ${inputs.length}-in ${outputs.length}-out ${bitcoin(sum)} ${vsize} vB`
}

type MessageMap = { readonly [C in Command]: MessageOf<C> }

/** What is said of a message behind its command; the others are said field by field. */
const formatters: { readonly [C in Command]?: (message: MessageMap[C]) => string } = {
  addr: ({ addresses }) => counted(addresses, address),
  addrv2: ({ addresses }) => counted(addresses, address),
  block: ({ block }) =>
    `${shortHash(block.hash)} ${plural(block.transactions.length, 'tx')} ${bytes(block.bytes.length)}`,
  blocktxn: ({ blockHash, transactions }) =>
    `${shortHash(blockHash)} ${counted(transactions, tx => shortHash(tx.txid))}`,
  cmpctblock: ({ header, shortIds, prefilled }) =>
    `${shortHash(header.hash)} ${plural(shortIds.length, 'short id')}, ${prefilled.length} prefilled`,
  feefilter: ({ feeRate }) => `${feeRate} sat/kvB`,
  getblocks: locator,
  getblocktxn: ({ blockHash, indexes }) => `${shortHash(blockHash)} ${counted(indexes, String)}`,
  getdata: ({ inventory }) => kinds(inventory),
  getheaders: locator,
  headers: ({ headers }) => {
    const hashes = [headers.at(0), headers.length > 1 ? headers.at(-1) : undefined].flatMap(header =>
      header ? [shortHash(header.hash)] : [],
    )
    return `${headers.length}${hashes.length > 0 ? `: ${hashes.join('→')}` : ''}`
  },
  inv: ({ inventory }) => kinds(inventory),
  merkleblock: ({ header, totalTransactions, hashes }) =>
    `${shortHash(header.hash)} ${plural(totalTransactions, 'tx')}, hashes ${hashes.length}`,
  notfound: ({ inventory }) => kinds(inventory),
  ping: ({ nonce }) => `${nonce}`,
  pong: ({ nonce }) => `${nonce}`,
  reject: ({ rejected, code, reason, hash, data }) =>
    `"${safeText(rejected)}" 0x${code.toString(16)} "${safeText(reason)}"` +
    `${hash ? ` ${shortHash(hash)}` : ''}${data ? ` data ${bytes(data.length)}` : ''}`,
  sendcmpct: ({ highBandwidth, version }) => `version ${version} ${highBandwidth ? 'high' : 'low'} bandwidth`,
  tx: ({ transaction: tx }) => transaction(tx),
  unknown: ({ name, payload }) => `"${safeText(name)}" ${bytes(payload.length)}`,
  version: ({ protocolVersion, userAgent, startHeight, services: bits }) =>
    `${protocolVersion} ${displayUserAgent(userAgent)} height ${startHeight} services ${services(bits)}`,
}

/** A field as a word or two: hashes shortened, lists and long byte strings by their length. */
function word(value: Plain): string {
  if (typeof value === 'string') return /^[0-9a-f]{64}$/.test(value) ? short(value) : safeText(value)
  if (Array.isArray(value)) return plural(value.length, 'item')
  if (typeof value !== 'object' || value === null) return String(value)
  const { length, start, hash } = value
  if (typeof length === 'number') return start === undefined ? plural(length, 'item') : bytes(length)
  return typeof hash === 'string' ? short(hash) : '…'
}

function fields(message: Message): string {
  const { command: _, ...rest } = toPlain(message, { maxItems: 0, maxBytes: 0 })
  return Object.entries(rest)
    .map(([name, value]) => `${name} ${word(value)}`)
    .join(' ')
}

function details<C extends Command>(command: C, message: MessageMap[C] & Message): string {
  const formatter = formatters[command]
  return formatter ? formatter(message) : fields(message)
}

/**
 * One line about a message, for logs and people: `inv 3: 2 wtx, 1 block 0000…`, `version 70016 /Satoshi:28.1.0/ …`.
 * Nothing that a remote sends gets through as a control character or at any length. The form may change between
 * versions: programs read `toPlain`.
 */
export function formatMessage(message: Message): string {
  return `${message.command} ${details(message.command, message)}`.trimEnd()
}
