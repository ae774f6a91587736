import { merge, mergeMap, type Observable } from 'rxjs'
import { blockTypes } from '../behaviors/announcement.js'
import type { Peer } from '../peer/peer.js'
import type { Hash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { InventoryType } from '../wire/inventory.js'
import { MAX_ANNOUNCED_HEADERS } from '../wire/limits.js'
import type { Command, Message } from '../wire/messages.js'
import type { TimedNetAddress } from '../wire/netaddress.js'

/** A block that a remote announced. */
export interface AnnouncedBlock {
  /** The block's id, wire order; a view where it came by inv: copy it to keep it for long. */
  readonly hash: Hash
  /** Its header; `undefined` where it came by inv. Its work is not checked. */
  readonly header: BlockHeader | undefined
}

/** A transaction that a remote announced. */
export interface AnnouncedTransaction {
  /** Which hash it is: `wtxid` where that was negotiated (BIP339). As `getTransactions` wants it. */
  readonly by: 'txid' | 'wtxid'
  /** Wire order; a view: copy it to keep it for long. */
  readonly hash: Hash
}

/** What can be announced, and what an announcement of it is. */
export interface AnnouncedItems {
  readonly block: AnnouncedBlock
  readonly tx: AnnouncedTransaction
  readonly address: TimedNetAddress
}

const withHeader = (header: BlockHeader): AnnouncedBlock => ({ hash: header.hash, header })

function blocksIn(message: Message): readonly AnnouncedBlock[] {
  if (message.command === 'cmpctblock') return [withHeader(message.header)]
  if (message.command === 'headers') {
    // More of them answer a getheaders that the user has sent.
    return message.headers.length > MAX_ANNOUNCED_HEADERS ? [] : Array.from(message.headers, withHeader)
  }
  if (message.command !== 'inv') return []
  return Array.from(message.inventory)
    .filter(({ type }) => blockTypes.has(type))
    .map(({ hash }) => ({ hash, header: undefined }))
}

function transactionsIn(message: Message): readonly AnnouncedTransaction[] {
  if (message.command !== 'inv') return []
  return Array.from(message.inventory).flatMap(({ type, hash }): AnnouncedTransaction[] => {
    if (type === InventoryType.wtx) return [{ by: 'wtxid', hash }]
    return type === InventoryType.tx ? [{ by: 'txid', hash }] : []
  })
}

function addressesIn(message: Message): readonly TimedNetAddress[] {
  return message.command === 'addr' || message.command === 'addrv2' ? Array.from(message.addresses) : []
}

/** What may be announced: in which messages, and what each of them announces. */
export const announcing: {
  readonly [K in keyof AnnouncedItems]: {
    readonly commands: readonly Command[]
    itemsIn(message: Message): readonly AnnouncedItems[K][]
  }
} = {
  block: { commands: ['inv', 'headers', 'cmpctblock'], itemsIn: blocksIn },
  tx: { commands: ['inv'], itemsIn: transactionsIn },
  address: { commands: ['addr', 'addrv2'], itemsIn: addressesIn },
}

/**
 * What a remote announces, one by one, whatever form it comes in: blocks by inv, by headers (BIP130) or by cmpctblock
 * (BIP152), transactions by txid or wtxid, addresses by addr or addrv2. What a request has asked for is not among it,
 * but where nobody can tell: headers that may be an announcement, and the addresses that `getAddresses` waits for. A
 * thing may come twice, in another form too.
 *
 * Hot: begins with the next message, waits while handlers hold too much, and completes with the peer.
 * @example
 * announcements(peer, 'block')
 *   .pipe(concatMap(() => syncHeaders(peer, chain)))
 *   .subscribe({ next: ({ height }) => console.log(height), error: console.error })
 */
export function announcements<K extends keyof AnnouncedItems>(
  peer: Peer,
  kind: K,
): Observable<AnnouncedItems[K]> {
  const { commands, itemsIn } = announcing[kind]
  return merge(...commands.map(command => peer.on(command))).pipe(mergeMap(itemsIn))
}
