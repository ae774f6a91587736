/** `rxpeer`: the public face. Names only; each is documented where it is defined. */
export type {
  Behavior,
  BehaviorContext,
  Features,
  PeerDirection,
} from './behaviors/behavior.js'
export { type DefaultBehavior, defaultBehaviors } from './behaviors/defaults.js'
export { accept } from './peer/accept.js'
export { type AcceptEachOptions, acceptEach } from './peer/accept-each.js'
export { type CloseCode, type CloseReason, closeCodes, PeerError } from './peer/close.js'
export { connect } from './peer/connect.js'
export { createNonces, type NonceRegistry } from './peer/nonces.js'
export { open } from './peer/open.js'
export type { Behaviors, NewestBlock, PeerOptions, Traffic } from './peer/options.js'
export type { SendOptions } from './peer/outbox.js'
export type { Peer } from './peer/peer.js'
export {
  type Action,
  btcdPolicy,
  type ConversationFault,
  conversationFaults,
  corePolicy,
  type Policy,
  type Violation,
} from './peer/policy.js'
export type { PeerStats } from './peer/stats.js'
export {
  type Connection,
  type Dial,
  type Endpoint,
  TransportError,
  type TransportErrorCode,
  transportFaults,
} from './stream/connection.js'
export type { Clock, Environment, Random } from './stream/environment.js'
export type { Link, LinkTransport } from './stream/link.js'
export { type CommandIndex, ofCommand } from './stream/of-command.js'
export * from './wire/index.js'
