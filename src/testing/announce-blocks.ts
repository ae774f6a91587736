import { map, startWith, withLatestFrom } from 'rxjs'
import type { Block } from '../wire/block.js'
import { InventoryType } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import type { Service } from './service.js'

/** Above so many new blocks an inv is sent also to those who want headers (Core `MAX_BLOCKS_TO_ANNOUNCE`). */
const MAX_ANNOUNCED_HEADERS = 8

function announcement(blocks: readonly Block[], wantsHeaders: boolean): Message {
  return wantsHeaders && blocks.length <= MAX_ANNOUNCED_HEADERS
    ? { command: 'headers', headers: blocks.map(({ header }) => header) }
    : { command: 'inv', inventory: blocks.map(({ hash }) => ({ type: InventoryType.block, hash })) }
}

/**
 * Announces new blocks, by headers once the peer has sent sendheaders (BIP130), else by inv. What was mined at once is
 * announced at once, and an inv names all of it; Core's would name only the last.
 */
export const announceBlocks: Service =
  ({ blocks$ }) =>
  ({ on }) => {
    const wantsHeaders$ = on('sendheaders').pipe(
      map(() => true),
      startWith(false),
    )
    return blocks$.pipe(
      withLatestFrom(wantsHeaders$),
      map(([blocks, wantsHeaders]) => announcement(blocks, wantsHeaders)),
    )
  }
