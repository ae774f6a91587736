/** `rxpeer`: the public face. Names only; each is documented where it is defined. */
export type { Announcement, TransactionIds } from './behaviors/announcement.js'
export {
  type Answer,
  type Behavior,
  type BehaviorContext,
  BehaviorError,
  type BehaviorFault,
  behaviorFaults,
  type Features,
  type KnownInventory,
  type PeerDirection,
} from './behaviors/behavior.js'
export { type DefaultBehavior, defaultBehaviors, type Intervals } from './behaviors/defaults.js'
export { idle } from './behaviors/idle.js'
export { keepAlive } from './behaviors/keep-alive.js'
export { noteInventory } from './behaviors/note-inventory.js'
export { pingTimeout } from './behaviors/ping-timeout.js'
export { pong } from './behaviors/pong.js'
export { type Expectation, type StallOptions, type StallTable, stall, stallTable } from './behaviors/stall.js'
export { type TrickleOptions, trickle } from './behaviors/trickle.js'
export { accept } from './peer/accept.js'
export { type AcceptEachOptions, acceptEach } from './peer/accept-each.js'
export { type CloseCode, type CloseReason, closeCodes, PeerError } from './peer/close.js'
export { connect } from './peer/connect.js'
export { type ConsumeOptions, consume } from './peer/consume.js'
export { createNonces, type NonceRegistry } from './peer/nonces.js'
export { open } from './peer/open.js'
export type { Behaviors, NewestBlock, PeerOptions } from './peer/options.js'
export type { SendOptions } from './peer/outbox.js'
export type { Peer } from './peer/peer.js'
export {
  type Action,
  btcdPolicy,
  type ConversationFault,
  conversationFaults,
  corePolicy,
  type FatalFault,
  type Policy,
  type Violation,
} from './peer/policy.js'
export { pushAddr, pushAddrV2 } from './peer/push/addresses.js'
export { updateLastAnnouncedBlock, updateLastBlock } from './peer/push/last-block.js'
export { pushGetBlocks, pushGetHeaders } from './peer/push/locator.js'
export { pushReject, type RejectFields } from './peer/push/reject.js'
export type { Count, PeerStats } from './peer/stats.js'
export type { Traffic } from './peer/traffic.js'
export { type BroadcastEvent, type BroadcastOptions, broadcast } from './requests/broadcast.js'
export { type Announced, fetchAnnounced } from './requests/fetch-announced.js'
export type { FetchOptions } from './requests/fetch-inventory.js'
export { getAddresses } from './requests/get-addresses.js'
export { getBlocks } from './requests/get-blocks.js'
export { type FilterAt, type FilterRange, getFilters } from './requests/get-filters.js'
export { type GetHeadersOptions, getHeaders } from './requests/get-headers.js'
export { type GetTransactionsOptions, getTransactions } from './requests/get-transactions.js'
export {
  type HeaderBranch,
  HeaderChain,
  type HeaderChainOptions,
  type HeadersAdded,
} from './requests/header-chain.js'
export { pingOnce } from './requests/ping-once.js'
export { request } from './requests/request.js'
export { RequestError, type RequestErrorCode, requestFaults } from './requests/request-error.js'
export type { RequestOptions } from './requests/request-options.js'
export { type FilterMatch, scanFilters } from './requests/scan-filters.js'
export { type HeadersProgress, syncHeaders } from './requests/sync-headers.js'
export {
  type Connection,
  type Dial,
  type Endpoint,
  TransportError,
  type TransportErrorCode,
  transportFaults,
} from './stream/connection.js'
export { decodeAs } from './stream/decode-as.js'
export { type Clock, type Environment, type Random, randomNonce } from './stream/environment.js'
export { createMemoryBudget, type MemoryBudget } from './stream/ledger.js'
export type { LinkTransport } from './stream/link.js'
export { type CommandIndex, ofCommand } from './stream/of-command.js'
export { type InventoryTypeName, ofInventory } from './stream/of-inventory.js'
export * from './wire/index.js'
