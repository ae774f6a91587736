/** `rxpeer/testing`: what pipelines are tested with. */
export { type MemoryOptions, memoryPair } from '../transport/memory.js'
export { type BlockFault, blockFaults } from './chain.js'
export { type EmbeddedNode, type EmbeddedNodeOptions, embeddedNode } from './embedded-node.js'
export { genesisBlock } from './genesis.js'
export type { MineOptions, SpendOptions } from './ledger.js'
export { type TransactionFault, transactionFaults } from './mempool.js'
export { seededRandom } from './seeded-random.js'
export type { ServiceName } from './services.js'
