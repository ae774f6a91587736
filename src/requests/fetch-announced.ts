import { defer, EMPTY, ignoreElements, merge, mergeMap, type Observable, of, tap } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { Message, MessageOf } from '../wire/messages.js'
import { Announcements } from './announcements.js'
import { checkedBlock } from './checked-block.js'
import { keyOf, keysOf, withWitness } from './inventory-answers.js'

/** What can be fetched as it is announced. */
export type Announced = 'block' | 'tx'

/** The types of announcements that are wanted of a peer, and how each is asked for. */
function wantedOf(peer: Peer, types: readonly Announced[]): ReadonlyMap<number, number> {
  const wanted = new Map<number, number>()
  if (types.includes('block')) wanted.set(InventoryType.block, withWitness(peer, InventoryType.block))
  if (types.includes('tx')) {
    // The form that was negotiated; Core takes no notice of the other one either.
    if (peer.features.wtxidRelay) wanted.set(InventoryType.wtx, InventoryType.wtx)
    else wanted.set(InventoryType.tx, withWitness(peer, InventoryType.tx))
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
  return defer(() => {
    const announcements = new Announcements(() => channelOf(peer).clock.monotonic())
    const ask = ({ inventory }: MessageOf<'inv'>) => {
      const asked: Inventory[] = []
      for (const { type: announced, hash } of inventory) {
        const type = wanted.get(announced)
        if (type !== undefined && announcements.begin(keyOf({ type, hash }))) {
          asked.push({ type, hash })
        }
      }
      if (asked.length > 0) peer.send({ command: 'getdata', inventory: asked })
    }
    const forget = ({ inventory }: MessageOf<'notfound'>) => {
      for (const entry of inventory) announcements.forget(keyOf(entry))
    }
    const take = (message: MessageOf<T>): Observable<MessageOf<T>> => {
      const any: Message = message
      if (!announcements.end(keysOf(any))) return EMPTY
      if (any.command === 'block') checkedBlock(any.block, peer)
      return of(message)
    }
    return merge(
      peer.on('inv').pipe(tap(ask), ignoreElements()),
      peer.on('notfound').pipe(tap(forget), ignoreElements()),
      peer.messages$.pipe(ofCommand(...types), mergeMap(take)),
    )
  })
}
