import { filter, map, merge, of } from 'rxjs'
import type { GetBlockTxnMessage } from '../wire/messages/getblocktxn.js'
import type { Message } from '../wire/messages.js'
import type { Ledger } from './ledger.js'
import type { Service } from './service.js'

/** Transactions of blocks that are at most so far below the tip are served, else the block (Core `MAX_BLOCKTXN_DEPTH`). */
const MAX_BLOCKTXN_DEPTH = 10

function answer({ chain }: Ledger, { blockHash, indexes }: GetBlockTxnMessage): Message | undefined {
  const known = chain.known(blockHash)
  if (known === undefined) return undefined
  const { block, height } = known
  if (chain.height - height > MAX_BLOCKTXN_DEPTH) return { command: 'block', block }
  const transactions = Array.from(indexes).flatMap(index => block.transactions.at(index) ?? [])
  return transactions.length === indexes.length ? { command: 'blocktxn', blockHash, transactions } : undefined
}

/**
 * Offers compact blocks after the handshake (BIP152, version 2, not at high bandwidth) and answers getblocktxn, more
 * than 10 blocks below the tip with the whole block. Silent about unknown blocks, and about indexes outside of the
 * block, for which Core closes the connection. The compact blocks themselves come from `serveData` and
 * `announceBlocks`.
 */
export const serveCompactBlocks: Service =
  ledger =>
  ({ on }) =>
    merge(
      of<Message>({ command: 'sendcmpct', highBandwidth: false, version: 2n }),
      on('getblocktxn').pipe(
        map(request => answer(ledger, request)),
        filter(message => message !== undefined),
      ),
    )
