import { ignoreElements, tap } from 'rxjs'
import type { Service } from './service.js'

/** Takes a block that the peer sends unasked, as a miner does; see `EmbeddedNode.submitBlock`. */
export const takeBlocks: Service =
  ledger =>
  ({ on }) =>
    on('block').pipe(
      tap(({ block }) => ledger.submitBlock(block)),
      ignoreElements(),
    )
