import { ignoreElements, tap } from 'rxjs'
import type { Service } from './service.js'

/** Takes a block that the peer sends unasked, as a miner does, where it is the next one of the chain. */
export const takeBlocks: Service =
  ledger =>
  ({ on }) =>
    on('block').pipe(
      tap(({ block }) => ledger.submitBlock(block)),
      ignoreElements(),
    )
