import { defer, EMPTY, merge, mergeMap, type Observable, of, tap } from 'rxjs'
import { transactionNames } from '../behaviors/announcement.js'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { type Inventory, InventoryType, inventoryKey, WITNESS_FLAG } from '../wire/inventory.js'
import type { Message, MessageOf } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'
import { Announcements } from './announcements.js'
import { checkedBlock } from './checked-block.js'

/** What can be fetched as it is announced. */
export type Announced = 'block' | 'tx'

/** The announcements that a message can be the answer to. */
function namesOf(message: Message): readonly Inventory[] {
  if (message.command === 'block') return [{ type: InventoryType.block, hash: message.block.hash }]
  return message.command === 'tx' ? transactionNames(message.transaction) : []
}

/** The types of announcements that are wanted of a peer, and how each is asked for. */
function wantedOf(peer: Peer, types: readonly Announced[]): ReadonlyMap<number, number> {
  const flag = hasServices(peer.version.services, Services.witness) ? WITNESS_FLAG : 0
  const wanted = new Map<number, number>()
  if (types.includes('block')) wanted.set(InventoryType.block, InventoryType.block | flag)
  if (types.includes('tx')) {
    // The form that was negotiated; Core takes no notice of the other one either.
    if (peer.features.wtxidRelay) wanted.set(InventoryType.wtx, InventoryType.wtx)
    else wanted.set(InventoryType.tx, InventoryType.tx | flag)
  }
  return wanted
}

/**
 * Asks for what the remote announces by inv, each thing once, and emits it as it comes: blocks and transactions with
 * their witness where the remote serves it, transactions by wtxid where that was negotiated. What the remote then does
 * not have (notfound), or does not send for a minute, is asked for again when it is announced again. What others asked for
 * is none of it. Blocks that a remote announces by headers or cmpctblock, because it was asked to, are not fetched.
 *
 * Errors with `bad-answer` where a block has other transactions than its header commits to; whether the header has work
 * and belongs to the chain is for `HeaderChain` to say. Completes with the peer, which `stall` closes where nothing comes
 * at all. Unsubscribing asks for nothing more.
 * @param types - `block`, `tx` or both
 * @example fetchAnnounced(peer, 'tx').subscribe({ next: ({ transaction }) => …, error: console.error })
 */
export function fetchAnnounced<T extends Announced>(
  peer: Peer,
  ...types: readonly [T, ...T[]]
): Observable<MessageOf<T>> {
  const wanted = wantedOf(peer, types)
  const witness = hasServices(peer.version.services, Services.witness)
  return defer(() => {
    const announcements = new Announcements(() => peer.environment.clock.monotonic())
    const ask = ({ inventory }: MessageOf<'inv'>) => {
      const asked: Inventory[] = []
      for (const { type: announced, hash } of inventory) {
        const type = wanted.get(announced)
        if (type !== undefined && announcements.begin(inventoryKey({ type: announced, hash }))) {
          asked.push({ type, hash })
        }
      }
      if (asked.length > 0) peer.send({ command: 'getdata', inventory: asked })
    }
    const forget = ({ inventory }: MessageOf<'notfound'>) => {
      for (const { type, hash } of inventory) {
        announcements.forget(inventoryKey({ type: type & ~WITNESS_FLAG, hash }))
      }
    }
    const take = (message: MessageOf<T>): Observable<MessageOf<T>> => {
      const any: Message = message
      if (!announcements.end(namesOf(any).map(inventoryKey))) return EMPTY
      if (any.command === 'block') checkedBlock(any.block, { network: peer.network, witness })
      return of(message)
    }
    return merge(
      peer.on('inv').pipe(tap(ask), mergeMap(nothing)),
      peer.on('notfound').pipe(tap(forget), mergeMap(nothing)),
      peer.messages$.pipe(ofCommand(...types), mergeMap(take)),
    )
  })
}

const nothing = (): Observable<never> => EMPTY
