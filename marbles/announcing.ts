import { ignoreElements, merge, type Observable, switchMap, tap } from 'rxjs'
import type { Announcement, TransactionIds } from '../src/behaviors/announcement.js'
import type { PeerOptions } from '../src/peer/options.js'
import type { Peer } from '../src/peer/peer.js'
import type { MarbleHelpers } from '../src/testing/marbles.js'
import type { ScriptedRemoteOptions } from '../src/testing/scripted-remote.js'
import type { Hash } from '../src/wire/hash.js'
import { type Inventory, InventoryType } from '../src/wire/inventory.js'
import type { InvMessage } from '../src/wire/messages/inv.js'
import type { Message } from '../src/wire/messages.js'
import { outbound, type Scene } from './cast.js'

/** A hash that tells its number; `mark` keeps kinds of hashes apart. */
export function numbered(number: number, mark = 0): Hash {
  const hash = new Uint8Array(32).fill(mark)
  new DataView(hash.buffer).setUint32(0, number)
  return hash
}

/** Inventory entries as remotes send them: each call makes copies. */
export const byTxid = (number: number): Inventory => ({ type: InventoryType.tx, hash: numbered(number, 1) })
export const byWtxid = (number: number): Inventory => ({ type: InventoryType.wtx, hash: numbered(number, 2) })
export const ofBlock = (number: number): Inventory => ({
  type: InventoryType.block,
  hash: numbered(number, 3),
})

/** The transaction of {@link byTxid} and {@link byWtxid}. */
export function ids(number: number, feeRate?: bigint): TransactionIds {
  return { txid: numbered(number, 1), wtxid: numbered(number, 2), ...(feeRate !== undefined && { feeRate }) }
}

export function inv(...inventory: readonly Inventory[]): InvMessage {
  return { command: 'inv', inventory }
}

/** Something to do with the peer at a moment of a diagram: announce this, or anything else. */
export type Deed = Announcement | ((peer: Peer) => void)

/** Announces one after the other. */
export function each(announcements: readonly Announcement[]): Deed {
  return peer => {
    for (const announcement of announcements) peer.announce(announcement)
  }
}

/** The diagram in which a remote shook hands at 0 ms; what it says next begins at 4 ms. */
export const shaken = '(va)'
/** The same with wtxidrelay; what it says next begins at 5 ms. */
export const shakenWtxid = '(vwa)'

/** A conversation about announcements. */
export interface Announcing extends Scene {
  /** What is written after the handshake. */
  readonly sent$: Observable<Message>
}

/** A remote that shakes hands at 0 ms and says `said`, and a peer that does `deeds`. */
export function announcing(
  helpers: MarbleHelpers,
  {
    said = shaken,
    deeds,
    values,
    options = {},
    messages = {},
    remoteOptions = {},
  }: {
    readonly said?: string
    readonly deeds: string
    readonly values: Record<string, Deed>
    readonly options?: PeerOptions
    readonly messages?: Record<string, Message | Uint8Array>
    readonly remoteOptions?: ScriptedRemoteOptions
  },
): Announcing {
  const { remote, peer$ } = outbound(helpers, said, options, messages, remoteOptions)
  const deeds$ = helpers.hot(deeds, values)
  const sent$ = peer$.pipe(
    switchMap(peer =>
      merge(
        remote.sent$,
        deeds$.pipe(
          tap(deed => (typeof deed === 'function' ? deed(peer) : peer.announce(deed))),
          ignoreElements(),
        ),
      ),
    ),
  )
  return { remote, peer$, sent$ }
}
