/** `rxpeer/wire`: bytes to values and back, with no stream, socket or clock around. */
export { Block } from './block.js'
export { BloomFilter, type BloomFilterFields, type BloomFilterOptions, BloomUpdate } from './bloom.js'
export { claimedHeight } from './claimed-height.js'
export type { Codec, FixedCodec, Plain, PlainLimits, ValueOf } from './codec.js'
/** The codecs that messages are made of, to write one's own for `decodeAs`. */
export * as codecs from './codec.js'
export {
  type CompactBlock,
  MAX_COMPACT_INDEX,
  MAX_COMPACT_TRANSACTIONS,
  type PrefilledTransaction,
} from './compact.js'
export { type CursorContext, Reader, Writer } from './cursor.js'
export { Deframer, Frame } from './deframer.js'
export { WireError, type WireErrorCode, type WireErrorPlace, wireFaults } from './error.js'
export { BlockFilter, FilterType, filterHeader } from './filter.js'
export { formatMessage } from './format.js'
export { COMMAND_SIZE, encodeFrame, FRAME_HEADER } from './frame.js'
export { type Hash, sha256, sha256d, zeroHash } from './hash.js'
export { BlockHeader, type BlockHeaderFields, HEADER_SIZE } from './header.js'
export { bytesToHex, equalBytes, fromHex, hexToBytes, toHex } from './hex.js'
export { type Host, hostText, NetworkId, parseHost } from './host.js'
export {
  type Inventory,
  InventoryType,
  inventoryTypeAt,
  inventoryTypeName,
  lastOfTypes,
  WITNESS_FLAG,
} from './inventory.js'
export * from './limits.js'
export { type List, ListView } from './list.js'
export { type LocatorFields, locatorHeights } from './locator.js'
export {
  checkMerkleRoot,
  checkWitnessCommitment,
  type MerkleRoot,
  merkleRoot,
  type WitnessState,
  witnessCommitment,
  witnessMerkleRoot,
  witnessState,
} from './merkle.js'
export { filterBlock, type MerkleBlockFields, verifyMerkleBlock } from './merkle-block.js'
export { encodeMessageFrame, writeMessageFrame } from './message-frame.js'
export type { Direction, MessageType } from './message-type.js'
export type { AddrMessage } from './messages/addr.js'
export type { AddrV2Message } from './messages/addrv2.js'
export type { AlertMessage } from './messages/alert.js'
export type { BlockMessage } from './messages/block.js'
export type { BlockTxnMessage } from './messages/blocktxn.js'
export type { CFCheckptMessage } from './messages/cfcheckpt.js'
export type { CFHeadersMessage } from './messages/cfheaders.js'
export type { CFilterMessage } from './messages/cfilter.js'
export type { CmpctBlockMessage } from './messages/cmpctblock.js'
export type { FeeFilterMessage } from './messages/feefilter.js'
export type { FilterAddMessage } from './messages/filteradd.js'
export type { FilterClearMessage } from './messages/filterclear.js'
export type { FilterLoadMessage } from './messages/filterload.js'
export type { GetAddrMessage } from './messages/getaddr.js'
export type { GetBlocksMessage } from './messages/getblocks.js'
export type { GetBlockTxnMessage } from './messages/getblocktxn.js'
export type { GetCFCheckptMessage } from './messages/getcfcheckpt.js'
export type { GetCFHeadersMessage } from './messages/getcfheaders.js'
export type { GetCFiltersMessage } from './messages/getcfilters.js'
export type { GetDataMessage } from './messages/getdata.js'
export type { GetHeadersMessage } from './messages/getheaders.js'
export type { HeadersMessage } from './messages/headers.js'
export type { InvMessage } from './messages/inv.js'
export type { MempoolMessage } from './messages/mempool.js'
export type { MerkleBlockMessage } from './messages/merkleblock.js'
export type { NotFoundMessage } from './messages/notfound.js'
export type { PingMessage } from './messages/ping.js'
export type { PongMessage } from './messages/pong.js'
export { RejectCode, type RejectMessage } from './messages/reject.js'
export type { SendAddrV2Message } from './messages/sendaddrv2.js'
export type { SendCmpctMessage } from './messages/sendcmpct.js'
export type { SendHeadersMessage } from './messages/sendheaders.js'
export type { SendTxRcnclMessage } from './messages/sendtxrcncl.js'
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
export { isMoney, MAX_MONEY } from './money.js'
export { type NetAddress, type TimedNetAddress, unknownAddress } from './netaddress.js'
export { MAX_ADDRV2_SIZE } from './netaddressv2.js'
export {
  customSignet,
  genesisHeader,
  mainnet,
  type Network,
  networks,
  regtest,
  signet,
  simnet,
  testnet3,
  testnet4,
} from './network.js'
export {
  buildPartialMerkleTree,
  type MerkleMatch,
  type PartialMerkleTree,
  verifyPartialMerkleTree,
} from './partial-merkle-tree.js'
export { printable, safeText } from './printable.js'
export {
  type CompactVersion,
  type CompleteReconstruction,
  type FailedReconstruction,
  type InvalidReconstruction,
  type MissingReconstruction,
  type Reconstruction,
  reconstruct,
  shortId,
  shortIdKey,
  toCompactBlock,
} from './reconstruct.js'
export { isBareMultisig, isOpReturn, isPayToPublicKey, scriptPushes } from './script.js'
export { hasServices, Services, serviceNames } from './services.js'
export { type SipKey, siphash24, sipKey } from './siphash.js'
export {
  type Outpoint,
  Transaction,
  type TransactionFields,
  type TransactionInput,
  type TransactionOutput,
} from './transaction.js'
export { isRoutable, isUsableAddress } from './usable-address.js'
export { displayUserAgent, formatUserAgent, parseUserAgent, type UserAgent } from './useragent.js'
export { PROTOCOL_VERSION, protocolVersions } from './versions.js'
export {
  bitsToTarget,
  checkProofOfWork,
  type DecodedBits,
  decodeBits,
  hashToNumber,
  headerWork,
  type ProofOfWorkRules,
  targetToBits,
  targetToWork,
} from './work.js'
