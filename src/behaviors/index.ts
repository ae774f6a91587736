/** `rxpeer/behaviors`: the single habits that a peer has, and what one's own are made of. */
export { type Clock, type Environment, type Random, randomNonce } from '../stream/environment.js'
export type { Announcement, TransactionIds } from './announcement.js'
export {
  type Answer,
  type Behavior,
  type BehaviorContext,
  BehaviorError,
  type BehaviorFault,
  behaviorFaults,
  type KnownInventory,
  type PeerDirection,
} from './behavior.js'
export { type DefaultBehavior, defaultBehaviors, type Intervals } from './defaults.js'
export type { Features } from './features.js'
export { IDLE_TIMEOUT, idle } from './idle.js'
export { keepAlive, PING_INTERVAL } from './keep-alive.js'
export { noteInventory } from './note-inventory.js'
export { CORE_PING_TIMEOUT, pingTimeout } from './ping-timeout.js'
export { pong } from './pong.js'
export {
  type Expectation,
  HEADERS_TIMEOUT,
  RESPONSE_TIMEOUT,
  STALL_TICK,
  type StallOptions,
  type StallTable,
  stall,
  stallTable,
} from './stall.js'
export { TRICKLE_BATCH, TRICKLE_INTERVAL, type TrickleOptions, trickle } from './trickle.js'
