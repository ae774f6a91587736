import type { Observable, Observer } from 'rxjs'
import type { Announcement } from '../behaviors/announcement.js'
import type { Features, PeerDirection } from '../behaviors/behavior.js'
import type { Endpoint } from '../stream/connection.js'
import type { Environment } from '../stream/environment.js'
import type { Hash } from '../wire/hash.js'
import type { List } from '../wire/list.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import type { TimedNetAddress } from '../wire/netaddress.js'
import type { Network } from '../wire/network.js'
import type { CloseReason } from './close.js'
import type { SendOptions } from './outbox.js'
import type { RejectFields } from './push/reject.js'
import type { PeerStats } from './stats.js'
import type { Traffic } from './traffic.js'

/** A remote node after the handshake. */
export interface Peer {
  /** Counts the peers of the process. */
  readonly id: number
  /** Which side opened the connection. */
  readonly direction: PeerDirection
  /** The remote end, where the transport knows it. */
  readonly address: Endpoint | undefined
  /** The network that both sides are on. */
  readonly network: Network
  /** The remote's version message. */
  readonly version: VersionMessage
  /** Protocol version that both sides speak: the smaller of the announced ones. */
  readonly protocolVersion: number
  /** What the handshake agreed on. */
  readonly features: Features
  /**
   * Inbound messages after the handshake. Hot: a subscriber starts with the next message. Only completes; the reason
   * is in `closed$` and in the error of `connect`. Unsubscribing touches nothing but the subscription.
   */
  readonly messages$: Observable<Message>
  /**
   * The inbound messages of one command, delivered before `messages$`; `on('unknown')` has those that nobody knows.
   * Hot and only completing, as `messages$`.
   */
  on<C extends Command>(command: C): Observable<MessageOf<C>>
  /** Messages when they were really written, our replies included. Hot, only completes. */
  readonly sent$: Observable<Message>
  /** Every read and write with its bytes, unknown and failed ones too, from now on. Hot, only completes. */
  readonly traffic$: Observable<Traffic>
  /** Emits the reason once, after the sends have settled, and completes. Replayed to late subscribers. */
  readonly closed$: Observable<CloseReason>
  /** `closed$` for people who await; never rejects. */
  waitForClose(): Promise<CloseReason>
  /**
   * Queues a message at the call, whether or not the result is subscribed. The result emits `true` when the message
   * was really written, `false` when the peer closed first, completes, and never errors; it is replayed.
   * @throws WireError at the call, for a message that cannot be encoded or does not exist at this protocol version
   */
  send(message: Message, options?: SendOptions): Observable<boolean>
  /**
   * `send` as an Observer, to pipe streams into. It ignores `complete`, since many sources may end; a source's error,
   * and a message that cannot be encoded, is reported to the source's owner by RxJS and leaves the peer alive.
   * @example interval(1000).pipe(map(() => ({ command: 'getaddr' as const }))).subscribe(peer.outbound)
   */
  readonly outbound: Observer<Message>
  /**
   * Announces transactions with the next trickle, in the form that was negotiated, unless the remote knows them; blocks
   * at once, as headers where it asked for that. After the end nothing happens.
   */
  announce(announcement: Announcement): void
  /** Notes that the remote knows this already, so that it is not announced to it. */
  markKnown(announcement: Announcement): void
  /**
   * Sends `addr`: all addresses in their order, or 1000 of them at random. Nothing is sent for none.
   * @returns the addresses that were sent
   * @throws WireError for addresses that have no form in `addr`, such as Tor v3
   */
  pushAddr(addresses: readonly TimedNetAddress[]): readonly TimedNetAddress[]
  /** The same as `addrv2` (BIP155), for remotes with `features.addrV2`. */
  pushAddrV2(addresses: readonly TimedNetAddress[]): readonly TimedNetAddress[]
  /**
   * Sends `getblocks`, unless the request before had the same first hash and the same stop: then emits `false`.
   * @throws WireError for a locator of more than 500 hashes
   */
  pushGetBlocks(locator: List<Hash>, stop: Hash): Observable<boolean>
  /** Sends `getheaders` in the same way, with a memory of its own. */
  pushGetHeaders(locator: List<Hash>, stop: Hash): Observable<boolean>
  /** Sends `reject` where the remote's version knows it (70002), with the hash for `tx` and `block` only. */
  pushReject(fields: RejectFields): Observable<boolean>
  /**
   * Holds bytes until the returned function is called, by default those of the message in hand. While more than 5 MB
   * are held the connection is paused, and it goes on at half; deadlines stand still meanwhile. See `consume`.
   */
  hold(bytes?: number): () => void
  /**
   * Emits once after `ms` of attention and completes: a timer for deadlines of the remote, on the peer's scheduler,
   * which stands still while delivery is paused. Where the peer closes first it completes without a value.
   * Unsubscribing clears it.
   * @throws TypeError at the call for NaN; Infinity is fine
   */
  after(ms: number): Observable<void>
  /** The scheduler, clock and dice that the peer was given. */
  readonly environment: Environment
  /** Notes the height of the remote's best block; only rises. See `stats().lastBlock`. */
  updateLastBlock(height: number): void
  /** Notes the block that the remote announced last. See `stats().lastAnnouncedBlock`. */
  updateLastAnnouncedBlock(hash: Hash): void
  /** The figures of this moment. */
  stats(): PeerStats
  /** Closes in order: what is queued is still written, `connect` completes. Idempotent, safe at any time. */
  disconnect(reason?: string): void
  /** Closes, and waits until it is closed: `await using peer = await open(…)`. */
  [Symbol.asyncDispose](): Promise<void>
}
