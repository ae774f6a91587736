import type { PeerDirection } from '../behaviors/behavior.js'
import type { Features } from '../behaviors/features.js'
import type { Endpoint } from '../stream/connection.js'
import type { Broken, Inbound, Reading } from '../stream/link.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Message } from '../wire/messages.js'
import type { CloseReason } from './close.js'
import type { Judgement } from './handshake.js'
import type { Policy } from './policy.js'
import type { Rejection } from './rejections.js'

/** What a conversation is held by; nothing of it changes. */
export interface Rules {
  readonly direction: PeerDirection
  /** Highest protocol version that we speak. */
  readonly protocolVersion: number
  /** What we offer, and what the remote has to. */
  readonly services: bigint
  readonly requiredServices: bigint
  readonly policy: Policy
  /** ms from the open connection to the end of the handshake. */
  readonly handshakeTimeout: number
  /** Whether what cannot be read is forgiven after the handshake. */
  readonly forgiving: boolean
  /** Who the remote is, for the words of a reject message. */
  readonly remote: Endpoint | undefined
}

/** What the two sides know of each other once both have said verack. */
export interface Negotiated {
  /** The remote's version message. */
  readonly version: VersionMessage
  /** The smaller of both sides' versions. */
  readonly protocolVersion: number
  readonly features: Features
}

/** Where a conversation stands. */
export interface State {
  /**
   * `opening`: the link has no keys yet · `greeting`: the remote's version is awaited · `judging`: we look at it ·
   * `answering`: verack is awaited · `ready` · `rejecting`: a reject message is on its way · `closed`
   */
  readonly phase: 'opening' | 'greeting' | 'judging' | 'answering' | 'ready' | 'rejecting' | 'closed'
  readonly reading: Reading
  /** The remote's version message, once it is there. */
  readonly version: VersionMessage | undefined
  /** What the remote announced so far. */
  readonly features: Features
  /** Whether the remote's verack came while its version was still being judged. */
  readonly veracked: boolean
  /** Why it will close, while it is rejecting. */
  readonly verdict: CloseReason | undefined
}

/** Timers of a conversation: how long the handshake, and the writing of a reject message, may take. */
export type TimerName = 'handshake' | 'reject'

/** What can happen. */
export type Event =
  | Inbound
  | Broken
  /** The connection is there. */
  | { readonly kind: 'started' }
  /** Messages may flow. */
  | { readonly kind: 'opened' }
  /** `judge` is answered. */
  | { readonly kind: 'judged'; readonly judgement: Judgement }
  /** A callback of the user failed. */
  | { readonly kind: 'threw'; readonly where: string; readonly cause: unknown }
  /** The reject message is written, or never will be. */
  | { readonly kind: 'rejected' }
  | { readonly kind: 'expired'; readonly timer: TimerName }
  /** Somebody ends it: the remote, the transport, a behavior, we. */
  | { readonly kind: 'ended'; readonly reason: CloseReason }

/** What is to be done. */
export type Effect =
  /** Make our version message, which asks the user for the newest block, and send it. */
  | { readonly kind: 'greet' }
  /** Look at the nonce, and ask the user; the answer is the event `judged`. */
  | { readonly kind: 'judge'; readonly version: VersionMessage }
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'arm' | 'disarm'; readonly timer: TimerName }
  | { readonly kind: 'ready'; readonly negotiated: Negotiated }
  /** Listen no more, and send this; `rejected` when it is written. */
  | { readonly kind: 'reject'; readonly rejection: Rejection }
  | { readonly kind: 'close'; readonly reason: CloseReason }

/** The message goes to all who listen. */
export const DELIVER = Symbol('deliver')
/** Nothing follows. */
export const DROP = Symbol('drop')

/** What follows from an event. The ordinary message costs nothing: it is one of two constants. */
export type Step =
  | typeof DELIVER
  | typeof DROP
  | { readonly state: State; readonly effects: readonly Effect[] }

/** Before the connection is there. */
export function newConversation({ protocolVersion, policy: { actions } }: Rules): State {
  return {
    phase: 'opening',
    reading: {
      protocolVersion,
      lenient: actions['trailing-bytes'] === 'ignore',
      oversized: actions['oversized-payload'] === 'ignore',
      untimely: actions['unsupported-version'] === 'ignore',
    },
    version: undefined,
    features: { wtxidRelay: false, addrV2: false },
    veracked: false,
    verdict: undefined,
  }
}
