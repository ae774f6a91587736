// `await using` needs a library of types that the users of ours need not have asked for.
/// <reference lib="esnext.disposable" preserve="true" />

import type { Observable, Observer } from 'rxjs'
import type { Announcement } from '../behaviors/announcement.js'
import type { PeerDirection } from '../behaviors/behavior.js'
import type { Features } from '../behaviors/features.js'
import type { Endpoint } from '../stream/connection.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import type { CloseReason } from './close.js'
import type { SendOptions } from './posting.js'
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
  /** The remote's version message. */
  readonly version: VersionMessage
  /** Protocol version that both sides speak: the smaller of the announced ones. */
  readonly protocolVersion: number
  /** What the handshake agreed on. */
  readonly features: Features
  /**
   * Inbound messages after the handshake, but for those that only answer an open request. Hot: a subscriber starts with
   * the next message. Only completes; the reason is in `closed$` and in the error of `connect`. Unsubscribing touches
   * nothing but the subscription.
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
  /**
   * `closed$` for people who await. Rejects only where `signal` is aborted, with its reason; the peer lives on.
   */
  waitForClose(options?: { readonly signal?: AbortSignal | undefined }): Promise<CloseReason>
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
   * Holds bytes until the returned function is called, by default those that the message in hand keeps alive. While a
   * quarter of `memoryLimit` is held (5 MB) messages wait for users; the remote is read on, pings and requests are
   * answered, until as much waits. See `consume`.
   */
  hold(bytes?: number): () => void
  /** The figures of this moment. */
  stats(): PeerStats
  /** Closes in order: what is queued is still written, `connect` completes. Idempotent, safe at any time. */
  disconnect(reason?: string): void
  /** Closes, and waits until it is closed: `await using peer = await open(…)`. */
  [Symbol.asyncDispose](): Promise<void>
}
