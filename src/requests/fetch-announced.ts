import { EMPTY, merge, mergeMap, type Observable, tap } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import { toHex } from '../wire/hex.js'
import { type Inventory, InventoryType, WITNESS_FLAG } from '../wire/inventory.js'
import type { MessageOf } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'

/** What can be fetched as it is announced. */
export type Announced = 'block' | 'tx'

/** Announcements that are remembered as asked for, per peer; the oldest are forgotten first. */
const REMEMBERED = 50_000

/**
 * Asks for what the remote announces by inv, each thing once, and emits it as it comes: blocks and transactions with
 * their witness where the remote serves it, transactions by wtxid where that was negotiated. What the remote then does
 * not have is passed over. Completes with the peer; unsubscribing asks for nothing more.
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
  const seen = new Set<string>()
  const isNew = ({ type, hash }: Inventory): boolean => {
    const key = `${type} ${toHex(hash)}`
    if (seen.has(key)) return false
    seen.add(key)
    if (seen.size > REMEMBERED) for (const oldest of seen) if (seen.delete(oldest)) break
    return true
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
  return merge(asking$, peer.messages$.pipe(ofCommand(...types)))
}
