import { filter, map, startWith, withLatestFrom } from 'rxjs'
import { randomNonce } from '../stream/environment.js'
import type { Block } from '../wire/block.js'
import { InventoryType } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import { toCompactBlock } from '../wire/reconstruct.js'
import type { Service } from './service.js'
import { isInHand } from './take-blocks.js'

/** Above so many new blocks an inv is sent also to those who want headers (Core `MAX_BLOCKS_TO_ANNOUNCE`). */
const MAX_ANNOUNCED_HEADERS = 8

/** How a peer wants to be told of blocks. */
interface Wishes {
  /** By headers (BIP130). */
  readonly headers: boolean
  /** By cmpctblock, unasked (BIP152). */
  readonly highBandwidth: boolean
}

function announcement(blocks: readonly Block[], wishes: Wishes, nonce: () => bigint): Message {
  const [first, second] = blocks
  if (wishes.highBandwidth && first && !second) {
    return { command: 'cmpctblock', ...toCompactBlock(first, nonce()) }
  }
  return wishes.headers && blocks.length <= MAX_ANNOUNCED_HEADERS
    ? { command: 'headers', headers: blocks.map(({ header }) => header) }
    : { command: 'inv', inventory: blocks.map(({ hash }) => ({ type: InventoryType.block, hash })) }
}

/**
 * Announces new blocks: a single one by cmpctblock to peers that asked for high bandwidth (sendcmpct of version 2,
 * BIP152), else by headers once the peer has sent sendheaders (BIP130), else by inv. What came at once is announced at
 * once, the branch of a reorganisation too, and an inv names all of it; Core's would name only the last. The peer that
 * sent the block is not told of it.
 */
export const announceBlocks: Service =
  ({ changes$ }) =>
  context => {
    const { on, random } = context
    const wantsHeaders$ = on('sendheaders').pipe(
      map(() => true),
      startWith(false),
    )
    const highBandwidth$ = on('sendcmpct').pipe(
      filter(({ version }) => version === 2n),
      map(message => message.highBandwidth),
      startWith(false),
    )
    return changes$.pipe(
      // Whoever sent the last block has those before it too.
      filter(({ connected }) => !connected.some(block => isInHand(context, block))),
      withLatestFrom(wantsHeaders$, highBandwidth$),
      map(([{ connected }, headers, highBandwidth]) =>
        announcement(connected, { headers, highBandwidth }, () => randomNonce(random)),
      ),
    )
  }
