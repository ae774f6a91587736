import { firstValueFrom, type Observable, type Observer } from 'rxjs'
import { type Announcement, headerOf, isTransaction, transactionNames } from '../behaviors/announcement.js'
import type { Features, PeerDirection } from '../behaviors/behavior.js'
import type { Endpoint } from '../stream/connection.js'
import type { Environment } from '../stream/environment.js'
import { byCommand } from '../stream/of-command.js'
import type { Hash } from '../wire/hash.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { List } from '../wire/list.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import type { TimedNetAddress } from '../wire/netaddress.js'
import type { Network } from '../wire/network.js'
import type { CloseReason } from './close.js'
import type { Negotiated } from './handshake.js'
import type { SendOptions } from './outbox.js'
import type { Peer } from './peer.js'
import { pushAddresses } from './push/addresses.js'
import { LocatorPush } from './push/locator.js'
import { pushReject, type RejectFields } from './push/reject.js'
import type { Session } from './session.js'
import type { PeerStats } from './stats.js'
import type { Traffic } from './traffic.js'

/** The inventory entries that name an announcement, in every form that it has. */
function* namesOf(announcement: Announcement): Generator<Inventory> {
  if (isTransaction(announcement)) yield* transactionNames(announcement)
  else if ('type' in announcement) yield announcement
  else {
    const header = headerOf(announcement)
    if (header !== undefined) yield { type: InventoryType.block, hash: header.hash }
  }
}

/** `send` as an observer. */
class Outbound implements Observer<Message> {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  // Properties and not methods: `tap(peer.outbound.next)` takes them without their object.
  readonly next = (message: Message): void => {
    this.#session.send(message)
  }

  // RxJS reports what an observer throws as unhandled, outside of our stack: the owner hears of it, we live on.
  readonly error = (error: unknown): void => {
    throw error
  }

  readonly complete = (): void => {}
}

/** The face of a session after its handshake. What few use is made when it is asked for: most peers are idle. */
class SessionPeer implements Peer {
  readonly version: VersionMessage
  readonly protocolVersion: number
  readonly features: Features
  readonly #session: Session
  #outbound: Outbound | undefined
  #getblocks: LocatorPush | undefined
  #getheaders: LocatorPush | undefined

  constructor(session: Session, { version, protocolVersion, features }: Negotiated) {
    this.#session = session
    this.version = version
    this.protocolVersion = protocolVersion
    this.features = features
  }

  get id(): number {
    return this.#session.id
  }

  get direction(): PeerDirection {
    return this.#session.direction
  }

  get address(): Endpoint | undefined {
    return this.#session.connection.remote
  }

  get network(): Network {
    return this.#session.options.network
  }

  get environment(): Environment {
    const { scheduler, clock, random } = this.#session.options
    return { scheduler, clock, random }
  }

  get messages$(): Observable<Message> {
    return this.#session.delivery.messages$
  }

  get sent$(): Observable<Message> {
    return this.#session.sent$
  }

  get traffic$(): Observable<Traffic> {
    return this.#session.traffic$
  }

  get closed$(): Observable<CloseReason> {
    return this.#session.closed$
  }

  get outbound(): Observer<Message> {
    this.#outbound ??= new Outbound(this.#session)
    return this.#outbound
  }

  on<C extends Command>(command: C): Observable<MessageOf<C>> {
    return this.#session.delivery.messages$[byCommand](command)
  }

  waitForClose(): Promise<CloseReason> {
    return firstValueFrom(this.closed$)
  }

  send(message: Message, options?: SendOptions): Observable<boolean> {
    return this.#session.send(message, options)
  }

  announce(announcement: Announcement): void {
    this.#session.announce(announcement)
  }

  markKnown(announcement: Announcement): void {
    for (const name of namesOf(announcement)) this.#session.known.add(name)
  }

  pushAddr(addresses: readonly TimedNetAddress[]): readonly TimedNetAddress[] {
    return this.#pushAddresses('addr', addresses)
  }

  pushAddrV2(addresses: readonly TimedNetAddress[]): readonly TimedNetAddress[] {
    return this.#pushAddresses('addrv2', addresses)
  }

  #pushAddresses(command: 'addr' | 'addrv2', addresses: readonly TimedNetAddress[]) {
    return pushAddresses(command, addresses, this.#session.options.random, message => this.send(message))
  }

  pushGetBlocks(locator: List<Hash>, stop: Hash): Observable<boolean> {
    this.#getblocks ??= new LocatorPush('getblocks')
    return this.#getblocks.push(locator, stop, message => this.send(message))
  }

  pushGetHeaders(locator: List<Hash>, stop: Hash): Observable<boolean> {
    this.#getheaders ??= new LocatorPush('getheaders')
    return this.#getheaders.push(locator, stop, message => this.send(message))
  }

  pushReject(fields: RejectFields): Observable<boolean> {
    return pushReject(fields, this.protocolVersion, message => this.send(message))
  }

  hold(bytes?: number): () => void {
    return this.#session.hold(bytes)
  }

  after(ms: number): Observable<void> {
    return this.#session.after(ms)
  }

  updateLastBlock(height: number): void {
    this.#session.remote.updateLastBlock(height)
  }

  updateLastAnnouncedBlock(hash: Hash): void {
    this.#session.remote.updateLastAnnouncedBlock(hash)
  }

  stats(): PeerStats {
    return this.#session.stats()
  }

  disconnect(reason?: string): void {
    this.#session.disconnect(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect('disposed')
    await this.waitForClose()
  }
}

/** The face of a session after its handshake. */
export function peerOf(session: Session, negotiated: Negotiated): Peer {
  return new SessionPeer(session, negotiated)
}
