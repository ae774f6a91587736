import type { Observable } from 'rxjs'
import type { Environment } from '../stream/environment.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'

/** Which side opened the connection. */
export type PeerDirection = 'inbound' | 'outbound'

/** What both sides agreed on during the handshake. */
export interface Features {
  /** Transactions are announced by wtxid (BIP339). */
  readonly wtxidRelay: boolean
  /** The remote understands addrv2 (BIP155). */
  readonly addrV2: boolean
}

/** What a behavior sees of its peer. */
export interface BehaviorContext extends Environment {
  readonly direction: PeerDirection
  /** Negotiated protocol version. */
  readonly protocolVersion: number
  /** The remote's version message. */
  readonly version: VersionMessage
  readonly features: Features
  /** Inbound messages of one command, delivered before anybody else gets them. Completes with the peer. */
  on<C extends Command>(command: C): Observable<MessageOf<C>>
  /** All inbound messages, delivered before anybody else gets them. Completes with the peer. */
  readonly messages$: Observable<Message>
  /** Messages that were really written. Completes with the peer. */
  readonly sent$: Observable<Message>
}

/**
 * One habit of the protocol: what it emits is sent to the remote. It is subscribed once, at the end of the handshake,
 * and unsubscribed when the peer closes. Completing is fine; an error closes the peer with `behavior-failed`, naming
 * the behavior.
 * @example const greet: Behavior = ({ version }) => version.relay ? of({ command: 'mempool' }) : EMPTY
 */
export type Behavior = (context: BehaviorContext) => Observable<Message>
