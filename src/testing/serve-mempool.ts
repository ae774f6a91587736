import { filter, map } from 'rxjs'
import { MAX_INV } from '../wire/limits.js'
import type { Service } from './service.js'
import { transactionInventory } from './transaction-inventory.js'

/**
 * Answers mempool with an inv of everything in it (BIP35), although the node does not offer `bloom`: it trusts its
 * peers, as Core does those with the permission `mempool`. Silent where there is nothing.
 */
export const serveMempool: Service =
  ({ mempool }) =>
  ({ on, features }) =>
    on('mempool').pipe(
      map(() =>
        mempool.entries
          .slice(0, MAX_INV)
          .map(({ transaction }) => transactionInventory(features, transaction)),
      ),
      filter(inventory => inventory.length > 0),
      map(inventory => ({ command: 'inv', inventory })),
    )
