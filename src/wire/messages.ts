import { type Plain, type PlainLimits, plainBytes } from './codec.js'
import { Reader, Writer } from './cursor.js'
import { WireError } from './error.js'
import { MAX_PAYLOAD } from './limits.js'
import type { MessageType } from './message-type.js'
import { addr } from './messages/addr.js'
import { addrv2 } from './messages/addrv2.js'
import { alert } from './messages/alert.js'
import { block } from './messages/block.js'
import { blocktxn } from './messages/blocktxn.js'
import { cfcheckpt } from './messages/cfcheckpt.js'
import { cfheaders } from './messages/cfheaders.js'
import { cfilter } from './messages/cfilter.js'
import { cmpctblock } from './messages/cmpctblock.js'
import { feefilter } from './messages/feefilter.js'
import { filteradd } from './messages/filteradd.js'
import { filterclear } from './messages/filterclear.js'
import { filterload } from './messages/filterload.js'
import { getaddr } from './messages/getaddr.js'
import { getblocks } from './messages/getblocks.js'
import { getblocktxn } from './messages/getblocktxn.js'
import { getcfcheckpt } from './messages/getcfcheckpt.js'
import { getcfheaders } from './messages/getcfheaders.js'
import { getcfilters } from './messages/getcfilters.js'
import { getdata } from './messages/getdata.js'
import { getheaders } from './messages/getheaders.js'
import { headers } from './messages/headers.js'
import { inv } from './messages/inv.js'
import { mempool } from './messages/mempool.js'
import { merkleblock } from './messages/merkleblock.js'
import { notfound } from './messages/notfound.js'
import { ping } from './messages/ping.js'
import { pong } from './messages/pong.js'
import { reject } from './messages/reject.js'
import { sendaddrv2 } from './messages/sendaddrv2.js'
import { sendcmpct } from './messages/sendcmpct.js'
import { sendheaders } from './messages/sendheaders.js'
import { sendtxrcncl } from './messages/sendtxrcncl.js'
import { tx } from './messages/tx.js'
import { verack } from './messages/verack.js'
import { version } from './messages/version.js'
import { wtxidrelay } from './messages/wtxidrelay.js'
import { borrow, giveBack } from './scratch.js'

/** THE table: every message that rxpeer decodes, by wire name. A new message is one file and one row here. */
export const messageTypes = {
  addr,
  addrv2,
  alert,
  block,
  blocktxn,
  cfcheckpt,
  cfheaders,
  cfilter,
  cmpctblock,
  feefilter,
  filteradd,
  filterclear,
  filterload,
  getaddr,
  getblocks,
  getblocktxn,
  getcfcheckpt,
  getcfheaders,
  getcfilters,
  getdata,
  getheaders,
  headers,
  inv,
  mempool,
  merkleblock,
  notfound,
  ping,
  pong,
  reject,
  sendaddrv2,
  sendcmpct,
  sendheaders,
  sendtxrcncl,
  tx,
  verack,
  version,
  wtxidrelay,
} as const

/** Wire names of the messages that rxpeer decodes. */
export type KnownCommand = keyof typeof messageTypes

type TypeOf<T> = T extends MessageType<infer M> ? M : never

/** A message that rxpeer decodes. */
export type KnownMessage = TypeOf<(typeof messageTypes)[KnownCommand]>

/** Any other message, with its bytes: what a remote sends is never lost. */
export interface UnknownMessage {
  readonly command: 'unknown'
  /** Wire name; one character a byte, without the NULs that pad it. At most 12. */
  readonly name: string
  /** A view: copy it to keep it for long. */
  readonly payload: Uint8Array
}

/** Every message, told apart by `command`. */
export type Message = KnownMessage | UnknownMessage

/** What `command` can be. */
export type Command = Message['command']

/** The message of a command. */
export type MessageOf<C extends Command> = Extract<Message, { readonly command: C }>

/** A row of {@link messageTypes}. */
export type KnownMessageType = (typeof messageTypes)[KnownCommand]

/** The protocol version where none is given. */
const NEWEST = Number.MAX_SAFE_INTEGER

const rows: ReadonlyMap<string, KnownMessageType> = new Map(Object.entries(messageTypes))

/** Whether rxpeer decodes the message of this wire name. */
export function isKnownCommand(name: string): name is KnownCommand {
  return rows.has(name)
}

/** The name of a message on the wire. */
export function wireName(message: Message): string {
  return message.command === 'unknown' ? message.name : message.command
}

/** How a payload is read. */
export interface DecodeOptions {
  /** Negotiated protocol version; the newest where left out. */
  readonly protocolVersion?: number | undefined
  /**
   * Read over what Core reads over: bytes behind the last field, transaction counts behind headers, pongs without a whole
   * nonce. Default false, as btcd holds.
   */
  readonly lenient?: boolean | undefined
  /** Tolerate payloads above the message's own maximum. Default: as `lenient`. */
  readonly oversized?: boolean | undefined
  /** Read messages that do not exist at the protocol version, as Core does. Default false. */
  readonly untimely?: boolean | undefined
}

/**
 * The message of a wire name and payload; names that the table does not know become {@link UnknownMessage}.
 * The message shares memory with the payload.
 * @throws WireError where the payload is not what the name says, with the offset of the fault
 */
export function decodeMessage(name: string, payload: Uint8Array, options: DecodeOptions = {}): Message {
  const type = rows.get(name)
  if (type === undefined) return { command: 'unknown', name, payload }
  return decodeMessageAt(type, payload, 0, payload.length, options)
}

/**
 * The message of a row whose payload lies from `start` to `end` in `bytes`, as {@link decodeMessage} reads it: no view of
 * the payload is made where the message needs none. The caller has checked that both lie in `bytes`.
 * @throws WireError where the payload is not what the row says; offsets count from `start`
 */
export function decodeMessageAt(
  type: KnownMessageType,
  bytes: Uint8Array,
  start: number,
  end: number,
  options: DecodeOptions = {},
): KnownMessage {
  const { command } = type
  const { protocolVersion = NEWEST, lenient = false } = options
  const { oversized = lenient, untimely = false } = options
  if (protocolVersion < type.minVersion && !untimely) throw unsupported(type)
  if (!oversized) checkLength(type, end - start, protocolVersion)
  const reader = new Reader(bytes, { protocolVersion, command, lenient }, start, end)
  const message = type.decode(reader)
  if (!lenient) reader.end()
  return message
}

function unsupported({ command, minVersion }: MessageType): WireError {
  return new WireError('unsupported-version', `${command} needs protocol version ${minVersion}`, { command })
}

function checkLength(type: MessageType, length: number, protocolVersion: number): void {
  const maxLength = type.maxLength(protocolVersion)
  if (length > maxLength) {
    throw new WireError('oversized-payload', `${length} bytes, at most ${maxLength} are allowed`, {
      command: type.command,
    })
  }
}

/** How a message is written. */
export interface EncodeOptions {
  /** Negotiated protocol version; the newest where left out. */
  readonly protocolVersion?: number | undefined
  /** Transactions and blocks with their witness (BIP144). Default true. */
  readonly witness?: boolean | undefined
}

/**
 * The payload of a message.
 * @throws WireError where a value is out of range, the message does not exist at the protocol version, or the payload
 * would be longer than the message may be
 */
export function encodeMessage(message: Message, options: EncodeOptions = {}): Uint8Array {
  if (message.command === 'unknown') {
    if (message.payload.length > MAX_PAYLOAD) {
      throw new WireError('oversized-frame', `${message.payload.length} bytes`, { command: message.name })
    }
    return message.payload
  }
  const buffer = borrow()
  try {
    return writeMessage(message, options, buffer, 0).exact(buffer)
  } finally {
    giveBack(buffer)
  }
}

/**
 * Writes the payload of a message from `start` of `buffer` on. For the framing inside the library.
 * @returns the writer, whose buffer is another one where there was no room
 * @throws WireError as {@link encodeMessage} does
 */
export function writeMessage(
  message: KnownMessage,
  options: EncodeOptions,
  buffer: Uint8Array,
  start: number,
): Writer {
  const { command } = message
  const { protocolVersion = NEWEST, witness = true } = options
  const type: MessageType = messageTypes[command]
  if (protocolVersion < type.minVersion) throw unsupported(type)
  const writer = new Writer({ protocolVersion, witness, command }, buffer, start)
  type.encode(writer, message)
  checkLength(type, writer.length, protocolVersion)
  return writer
}

/**
 * A message as `JSON.stringify` can print it: hashes in display hex, headers, transactions and blocks with their own
 * hash, other bytes in hex, 64-bit values as decimal strings, lists as arrays. For tests and logs: lazy views would
 * compare equal whatever they hold.
 */
export function toPlain(message: Message, limits: PlainLimits = {}): { [key: string]: Plain } {
  if (message.command === 'unknown') {
    return { command: 'unknown', name: message.name, payload: plainBytes(message.payload, limits) }
  }
  const type: MessageType = messageTypes[message.command]
  const fields = type.codec.plain(message, limits)
  return { command: message.command, ...(fields as { [key: string]: Plain }) }
}
