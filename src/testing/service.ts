import type { Behavior } from '../behaviors/behavior.js'
import type { TimedNetAddress } from '../wire/netaddress.js'
import type { Ledger } from './ledger.js'

/** What an embedded node tells its peers besides its ledger. */
export interface Offer {
  /** Service bits, see `Services`. */
  readonly services: bigint
  /** What getaddr is answered with. */
  readonly addresses: readonly TimedNetAddress[]
}

/**
 * Something that an embedded node does for its peers, as a habit of each of them. A new one is a file here and a row
 * of the table in `services.ts`.
 */
export type Service = (ledger: Ledger, offer: Offer) => Behavior
