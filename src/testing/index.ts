/** `rxpeer/testing`: what pipelines are tested with. */
export type { InventoryTypeName } from '../stream/of-inventory.js'
export { type MemoryOptions, memoryPair } from '../transport/memory.js'
export {
  type AddressPlan,
  type BuiltBlockPlan,
  buildAddress,
  buildBlock,
  buildBlocks,
  buildHash,
  buildHashes,
  buildHeaders,
  buildTransaction,
  type ChainPlan,
  type TransactionPlan,
} from './build.js'
export { type BlockFault, blockFaults, type ChainChange } from './chain.js'
export { type ChaosOptions, chaos } from './chaos.js'
export type { Trouble } from './chaos-lane.js'
export { type Chunker, mergeChunks, randomChunks, splitAt, splitEvery } from './chunkers.js'
export { type EmbeddedNode, type EmbeddedNodeOptions, embeddedNode } from './embedded-node.js'
export { failure } from './failure.js'
export { genesisBlock } from './genesis.js'
export {
  commandsOf,
  type DiagramScene,
  type DiagramValues,
  type DialInDiagram,
  diagramOptions,
  dialInDiagram,
  type PeerInDiagram,
  type PeerScene,
  peerInDiagram,
} from './in-diagram.js'
export type { MineOptions, ReorganiseOptions, SpendOptions } from './ledger.js'
export { type Liar, type Lie, lies } from './lies.js'
export {
  type Expectation,
  type MarbleHelpers,
  type MarbleOptions,
  marbles,
  type SubscriptionExpectation,
  TEST_EPOCH,
} from './marbles.js'
export { type TransactionFault, transactionFaults } from './mempool.js'
export {
  addrMessage,
  blockMessage,
  getDataMessage,
  getHeadersMessage,
  headersMessage,
  invMessage,
  notFoundMessage,
  pingMessage,
  pongMessage,
  txMessage,
  versionMessage,
} from './messages.js'
export {
  type Ending,
  type MisbehaveOptions,
  type Misbehaviour,
  type MisbehaviourKinds,
  type MisbehaviourName,
  type Moment,
  misbehave,
} from './misbehaviour.js'
export { render } from './render.js'
export type { Schedule } from './schedule.js'
export {
  type ConnectionEnd,
  frameOf,
  type ScriptedHandshake,
  type ScriptedRemote,
  type ScriptedRemoteOptions,
  scriptedRemote,
} from './scripted-remote.js'
export { seededRandom } from './seeded-random.js'
export type { ServiceName } from './services.js'
export { type VirtualTime, type VirtualTimeOptions, virtualTime } from './virtual-time.js'
