import { ignoreElements, tap } from 'rxjs'
import type { BehaviorContext } from '../behaviors/behavior.js'
import type { Block } from '../wire/block.js'
import { equalBytes } from '../wire/hex.js'
import type { Service } from './service.js'

/** By peer: the block that it has sent and that is being taken. */
const inHand = new WeakMap<BehaviorContext, Block>()

/** Whether a block is the one that this very peer has sent and that is being taken. */
export function isInHand(context: BehaviorContext, block: Block): boolean {
  const taken = inHand.get(context)
  return taken !== undefined && equalBytes(taken.hash, block.hash)
}

/** Takes a block that the peer sends unasked, as a miner does; see `EmbeddedNode.submitBlock`. */
export const takeBlocks: Service = ledger => context =>
  context.on('block').pipe(
    tap(({ block }) => {
      inHand.set(context, block)
      ledger.submitBlock(block)
      inHand.delete(context)
    }),
    ignoreElements(),
  )
