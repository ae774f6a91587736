import type { Behavior } from '../behaviors/behavior.js'
import type { Ledger } from './ledger.js'

/**
 * Something that an embedded node does for its peers, as a habit of each of them. A new one is a file here and a row
 * of the table in `services.ts`.
 */
export type Service = (ledger: Ledger) => Behavior
