/** `rxpeer/wire`: bytes to values and back, with no stream, socket or clock around. */
export { Block } from './block.js'
export type { Codec, FixedCodec, Plain, PlainLimits, ValueOf } from './codec.js'
export { type CursorContext, Reader, Writer } from './cursor.js'
export { Deframer, type Frame } from './deframer.js'
export { WireError, type WireErrorCode, type WireErrorPlace, wireFaults } from './error.js'
export { COMMAND_SIZE, encodeFrame, FRAME_HEADER } from './frame.js'
export { type Hash, sha256, sha256d, zeroHash } from './hash.js'
export { BlockHeader, type BlockHeaderFields, HEADER_SIZE } from './header.js'
export { bytesToHex, equalBytes, fromHex, hexToBytes, toHex } from './hex.js'
export { type Inventory, InventoryType, inventoryTypeName, WITNESS_FLAG } from './inventory.js'
export * from './limits.js'
export { type List, ListView } from './list.js'
export { type LocatorFields, locatorHeights } from './locator.js'
export type { Direction, MessageType } from './message-type.js'
export type { AddrMessage } from './messages/addr.js'
export type { BlockMessage } from './messages/block.js'
export type { FeeFilterMessage } from './messages/feefilter.js'
export type { GetAddrMessage } from './messages/getaddr.js'
export type { GetBlocksMessage } from './messages/getblocks.js'
export type { GetDataMessage } from './messages/getdata.js'
export type { GetHeadersMessage } from './messages/getheaders.js'
export type { HeadersMessage } from './messages/headers.js'
export type { InvMessage } from './messages/inv.js'
export type { NotFoundMessage } from './messages/notfound.js'
export type { PingMessage } from './messages/ping.js'
export type { PongMessage } from './messages/pong.js'
export { RejectCode, type RejectMessage } from './messages/reject.js'
export type { SendAddrV2Message } from './messages/sendaddrv2.js'
export type { SendCmpctMessage } from './messages/sendcmpct.js'
export type { SendHeadersMessage } from './messages/sendheaders.js'
export type { TxMessage } from './messages/tx.js'
export type { VerackMessage } from './messages/verack.js'
export type { VersionMessage } from './messages/version.js'
export type { WtxidRelayMessage } from './messages/wtxidrelay.js'
export {
  type Command,
  type DecodeOptions,
  decodeMessage,
  type EncodeOptions,
  encodeMessage,
  isKnownCommand,
  type KnownCommand,
  type KnownMessage,
  type Message,
  type MessageOf,
  messageTypes,
  toPlain,
  type UnknownMessage,
  wireName,
} from './messages.js'
export {
  hostText,
  type NetAddress,
  NetworkId,
  parseHost,
  type TimedNetAddress,
  unknownAddress,
} from './netaddress.js'
export {
  genesisHeader,
  mainnet,
  type Network,
  networks,
  regtest,
  signet,
  testnet3,
  testnet4,
} from './network.js'
export { hasServices, Services, serviceNames } from './services.js'
export {
  type Outpoint,
  Transaction,
  type TransactionFields,
  type TransactionInput,
  type TransactionOutput,
} from './transaction.js'
export { formatUserAgent, type UserAgent } from './useragent.js'
export { PROTOCOL_VERSION, protocolVersions } from './versions.js'
