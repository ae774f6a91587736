import { firstValueFrom } from 'rxjs'
import { type Announcement, headerOf, isTransaction } from '../behaviors/announcement.js'
import { byCommand } from '../stream/of-command.js'
import { InventoryType } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import type { Negotiated } from './handshake.js'
import type { SendOptions } from './outbox.js'
import type { Peer } from './peer.js'
import { pushAddresses } from './push/addresses.js'
import { locatorPush } from './push/locator.js'
import { pushReject } from './push/reject.js'
import type { Session } from './session.js'

/** The face of a session after its handshake. */
export function peerOf(session: Session, { version, protocolVersion, features }: Negotiated): Peer {
  const { delivery, options, known, remote } = session
  const users = delivery.messages$
  const closed$ = session.closed$.asObservable()
  const send = (message: Message, sendOptions?: SendOptions) => session.send(message, sendOptions)
  const waitForClose = () => firstValueFrom(closed$)
  return {
    id: session.id,
    direction: session.direction,
    address: session.connection.remote,
    network: options.network,
    version,
    protocolVersion,
    features,
    messages$: users,
    on: command => users[byCommand](command),
    sent$: session.sent$,
    traffic$: session.traffic$.asObservable(),
    closed$,
    waitForClose,
    send,
    outbound: {
      next: message => {
        send(message)
      },
      // RxJS reports what an observer throws as unhandled, outside of our stack: the owner hears of it, we live on.
      error: error => {
        throw error
      },
      complete: () => {},
    },
    announce: announcement => session.announced$.next(announcement),
    markKnown: announcement => {
      for (const name of namesOf(announcement)) known.add(name)
    },
    pushAddr: addresses => pushAddresses('addr', addresses, options.random, send),
    pushAddrV2: addresses => pushAddresses('addrv2', addresses, options.random, send),
    pushGetBlocks: locatorPush('getblocks', send),
    pushGetHeaders: locatorPush('getheaders', send),
    pushReject: fields => pushReject(fields, protocolVersion, send),
    hold: bytes => session.hold(bytes),
    after: ms => session.after(ms),
    environment: { scheduler: options.scheduler, clock: options.clock, random: options.random },
    updateLastBlock: height => remote.updateLastBlock(height),
    updateLastAnnouncedBlock: hash => remote.updateLastAnnouncedBlock(hash),
    stats: () => session.stats(),
    disconnect: reason => session.disconnect(reason),
    [Symbol.asyncDispose]: async () => {
      session.disconnect('disposed')
      await waitForClose()
    },
  }
}

/** The inventory entries that name an announcement, in every form that it has. */
function* namesOf(announcement: Announcement) {
  if (isTransaction(announcement)) {
    yield { type: InventoryType.tx, hash: announcement.txid }
    yield { type: InventoryType.wtx, hash: announcement.wtxid }
  } else if ('type' in announcement) yield announcement
  else {
    const header = headerOf(announcement)
    if (header !== undefined) yield { type: InventoryType.block, hash: header.hash }
  }
}
