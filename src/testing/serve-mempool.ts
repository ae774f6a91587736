import { filter, map } from 'rxjs'
import { transactionEntry } from '../behaviors/announcement.js'
import { MAX_INV } from '../wire/limits.js'
import type { Service } from './service.js'
import { wantedBy } from './take-bloom-filters.js'

/**
 * Answers mempool with an inv of everything in it, or of what a loaded filter matches (BIP35). Silent where there is
 * nothing. Peers may send mempool only where the node offers `bloom`.
 */
export const serveMempool: Service =
  ({ mempool }) =>
  context =>
    context.on('mempool').pipe(
      map(() =>
        mempool.entries
          .map(({ transaction }) => transaction)
          .filter(transaction => wantedBy(context).has(transaction))
          .slice(0, MAX_INV)
          .map(transaction => transactionEntry(transaction, context.features)),
      ),
      filter(inventory => inventory.length > 0),
      map(inventory => ({ command: 'inv', inventory })),
    )
