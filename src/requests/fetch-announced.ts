import { defer, EMPTY, filter, merge, mergeMap, type Observable, tap } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { type Inventory, InventoryType, inventoryKey, WITNESS_FLAG } from '../wire/inventory.js'
import type { Message, MessageOf } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'

/** What can be fetched as it is announced. */
export type Announced = 'block' | 'tx'

/** Announcements that are remembered as asked for, per subscription; the oldest are forgotten first. */
const REMEMBERED = 50_000

/** The announcements that a message can be the answer to. */
function announcementsOf(message: Message): readonly Inventory[] {
  if (message.command === 'block') return [{ type: InventoryType.block, hash: message.block.hash }]
  if (message.command !== 'tx') return []
  const { txid, wtxid } = message.transaction
  return [
    { type: InventoryType.wtx, hash: wtxid },
    { type: InventoryType.tx, hash: txid },
  ]
}

/**
 * Asks for what the remote announces by inv, each thing once, and emits it as it comes: blocks and transactions with
 * their witness where the remote serves it, transactions by wtxid where that was negotiated. What the remote then does
 * not have (notfound) is passed over until it is announced again, and what others asked for is none of it. Completes with
 * the peer, which `stall` closes where the remote does not send what it has announced; unsubscribing asks for nothing
 * more. Blocks that a remote announces by headers or cmpctblock, because it was asked to, are not fetched.
 * @param types - `block`, `tx` or both
 * @example fetchAnnounced(peer, 'tx').subscribe({ next: ({ transaction }) => …, error: console.error })
 */
export function fetchAnnounced<T extends Announced>(
  peer: Peer,
  ...types: readonly [T, ...T[]]
): Observable<MessageOf<T>> {
  const flag = hasServices(peer.version.services, Services.witness) ? WITNESS_FLAG : 0
  const wanted = new Map<number, number>()
  if (types.some(type => type === 'block')) wanted.set(InventoryType.block, InventoryType.block | flag)
  if (types.some(type => type === 'tx')) {
    wanted.set(InventoryType.tx, InventoryType.tx | flag)
    wanted.set(InventoryType.wtx, InventoryType.wtx)
  }
  return defer(() => {
    /** What was asked for, and whether it is still to come. */
    const seen = new Map<string, boolean>()
    const note = (key: string, awaited: boolean) => {
      seen.set(key, awaited)
      if (seen.size > REMEMBERED) for (const oldest of seen.keys()) if (seen.delete(oldest)) break
    }
    const isNew = (entry: Inventory): boolean => {
      const key = inventoryKey(entry)
      if (seen.has(key)) return false
      note(key, true)
      return true
    }
    const isAwaited = (message: Message): boolean => {
      const keys = announcementsOf(message).map(inventoryKey)
      if (!keys.some(key => seen.get(key))) return false
      // By either of its names it is here now.
      for (const key of keys) note(key, false)
      return true
    }
    const forget = ({ inventory }: MessageOf<'notfound'>) => {
      for (const { type, hash } of inventory) seen.delete(inventoryKey({ type: type & ~WITNESS_FLAG, hash }))
    }
    const asking$ = peer.on('inv').pipe(
      tap(({ inventory }) => {
        const asked: Inventory[] = []
        for (const entry of inventory) {
          const type = wanted.get(entry.type)
          if (type !== undefined && isNew(entry)) asked.push({ type, hash: entry.hash })
        }
        if (asked.length > 0) peer.send({ command: 'getdata', inventory: asked })
      }),
      mergeMap((): Observable<never> => EMPTY),
    )
    const missing$ = peer.on('notfound').pipe(
      tap(forget),
      mergeMap((): Observable<never> => EMPTY),
    )
    return merge(
      asking$,
      missing$,
      peer.messages$.pipe(
        ofCommand(...types),
        filter((message: MessageOf<T>) => isAwaited(message)),
      ),
    )
  })
}
