import type { Observable } from 'rxjs'
import type { Environment } from '../stream/environment.js'
import type { Inventory } from '../wire/inventory.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import type { Announcement } from './announcement.js'
import type { Features } from './features.js'

/** Which side opened the connection. */
export type PeerDirection = 'inbound' | 'outbound'

/** What the remote knows already, so that it is not told again. */
export interface KnownInventory {
  /** How many entries are remembered. */
  readonly limit: number
  /** Whether the remote knows the entry, compared by value. */
  has(entry: Inventory): boolean
  /** Notes that the remote knows the entry; the entry unused for longest makes room above `limit`. */
  add(entry: Inventory): void
  /** As `add`, of the entry of a type whose hash are the 32 bytes at `offset` of `bytes`, which are not kept. */
  addAt(type: number, bytes: Uint8Array, offset: number): void
}

/** What a behavior sees of its peer. */
export interface BehaviorContext extends Environment {
  /** Which side opened the connection. */
  readonly direction: PeerDirection
  /** Negotiated protocol version. */
  readonly protocolVersion: number
  /** The remote's version message. */
  readonly version: VersionMessage
  /** What the handshake agreed on. */
  readonly features: Features
  /** Inbound messages of one command, delivered before anybody else gets them. Completes with the peer. */
  on<C extends Command>(command: C): Observable<MessageOf<C>>
  /** All inbound messages, delivered before anybody else gets them. Completes with the peer. */
  readonly messages$: Observable<Message>
  /** Messages that were really written, those of the handshake left out. Completes with the peer. */
  readonly sent$: Observable<Message>
  /** Those of `sent$` whose sender does not await the answer with a deadline of its own. Completes with the peer. */
  readonly unawaited$: Observable<Message>
  /** What the user announces by `peer.announce`. */
  readonly announced$: Observable<Announcement>
  /** What the remote knows already. */
  readonly known: KnownInventory
  /**
   * Time that passed while the peer paid attention, ms: `clock.monotonic()` without the time in which nothing was read.
   * Deadlines are measured by it.
   */
  attention(): number
  /** The `attention()` at the end of the handling of the last message, or of the handshake. */
  lastHandled(): number
  /** Time spent in handlers so far, ms. */
  handling(): number
  /** Emits each time reading goes on after a pause. */
  readonly resumed$: Observable<void>
  /** Whether reading is paused, because too much waits on our side. */
  paused(): boolean
}

/** Ends that behaviors decide on, by stable code. */
export const behaviorFaults = {
  'idle-timeout': 'the remote sent no whole message for too long',
  'ping-timeout': 'the remote did not answer a ping in time',
  stalled: 'the remote did not answer a request in time',
} as const satisfies Record<string, string>

/** The code of an end that a behavior decides on. */
export type BehaviorFault = keyof typeof behaviorFaults

/** The error by which a behavior closes its peer with a code of {@link behaviorFaults}. */
export class BehaviorError extends Error {
  /** Tells this error apart where classes cannot, as in logs. */
  override readonly name = 'BehaviorError'
  /** The code with which the peer closes. */
  readonly code: BehaviorFault

  constructor(code: BehaviorFault, detail?: string) {
    super(detail ?? behaviorFaults[code])
    this.code = code
  }
}

/**
 * What a behavior says: a message, or an iterable of messages. The next value of an iterable is taken when less than
 * 1 MB of answers (a twentieth of `memoryLimit`) waits to be written, so they are made as fast as the remote reads them.
 */
export type Answer = Message | Iterable<Message>

/**
 * One habit of the protocol: what it emits is sent to the remote. What it emits while it is handed a message of the
 * remote is an answer, and waits behind the answers to what was asked before; so do iterables. A message at any other
 * time is sent as by a user. It is subscribed once, at the end of the handshake,
 * and unsubscribed when the peer closes. Completing is fine. A {@link BehaviorError} closes the peer with its code, any
 * other error with `behavior-failed`, naming the behavior.
 * @example const greet: Behavior = ({ version }) => version.relay ? of({ command: 'getaddr' }) : EMPTY
 */
export type Behavior = (context: BehaviorContext) => Observable<Answer>
