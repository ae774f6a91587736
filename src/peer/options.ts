import type { Observer, SchedulerLike } from 'rxjs'
import type { Behavior } from '../behaviors/behavior.js'
import { type DefaultBehavior, defaultBehaviors } from '../behaviors/defaults.js'
import type { Clock, Environment, Random } from '../stream/environment.js'
import type { WireError } from '../wire/error.js'
import type { Hash } from '../wire/hash.js'
import { MAX_USER_AGENT } from '../wire/limits.js'
import type { RejectMessage } from '../wire/messages/reject.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Message } from '../wire/messages.js'
import { mainnet, type Network } from '../wire/network.js'
import { Services } from '../wire/services.js'
import { formatUserAgent, type UserAgent } from '../wire/useragent.js'
import { PROTOCOL_VERSION, protocolVersions } from '../wire/versions.js'
import { environment, sharedNonces } from './defaults.js'
import type { NonceRegistry } from './nonces.js'
import { RXPEER_VERSION } from './own-version.js'
import { btcdPolicy, type Policy } from './policy.js'

/** A message that was read or written, as `options.traffic` sees it: from the first byte on, handshake included. */
export interface Traffic {
  /** `id` of the peer. */
  readonly peer: number
  readonly direction: 'received' | 'sent'
  /** Wire name, also of messages that nobody knows. */
  readonly command: string
  /** Bytes on the wire. */
  readonly bytes: number
  readonly payload: Uint8Array
  /** The decoded message; `undefined` where it could not be read. */
  readonly message: Message | undefined
  /** Why it could not be read. */
  readonly error: WireError | undefined
}

/** The best block that we know. */
export interface NewestBlock {
  readonly height: number
  readonly hash: Hash
}

/** How a peer presents itself and behaves. Every option has a default. */
export interface PeerOptions {
  /** Default: mainnet. */
  readonly network?: Network | undefined
  /** Our program, shown after rxpeer's own entry (BIP14). Default: rxpeer alone. */
  readonly userAgent?: UserAgent | undefined
  /** What we offer. Default: nothing. */
  readonly services?: bigint | undefined
  /** Highest protocol version that we announce and speak. Default {@link PROTOCOL_VERSION}, 70016. */
  readonly protocolVersion?: number | undefined
  /** Whether the remote should announce transactions without a filter (BIP37). Default true. */
  readonly relay?: boolean | undefined
  /** Asked for our best block when our version message is made. Default: height 0. */
  readonly newestBlock?: (() => NewestBlock) | undefined
  /** Sent right after verack. Default: nothing. */
  readonly initial?: readonly Message[] | undefined
  /** Looks at the remote's version message; the reject message that it returns is sent, then the peer closes. */
  readonly acceptVersion?: ((version: VersionMessage) => RejectMessage | undefined) | undefined
  /** Sees every read and write. It is never completed, so one can serve many peers. */
  readonly traffic?: Pick<Observer<Traffic>, 'next'> | undefined
  /** ms from the open connection to the end of the handshake. Default 30,000 (btcd `negotiateTimeout`). */
  readonly handshakeTimeout?: number | undefined
  /** Bytes that may wait to be written before the peer closes with `send-queue-full`. Default 64 MiB. */
  readonly sendQueueLimit?: number | undefined
  /** What follows from a remote's offences. Default {@link btcdPolicy}. */
  readonly policy?: Policy | undefined
  /**
   * Habits by name, merged over the default ones: a new name adds one, a default's name replaces it, `false` leaves
   * it out.
   * @example { behaviors: { pong: false, greet: () => of({ command: 'getaddr' }) } }
   */
  readonly behaviors?: Behaviors | undefined
  /** The registry for self-connection. Default: one for the whole process. */
  readonly nonces?: NonceRegistry | undefined
  /** Runs every timer. Default: RxJS's asyncScheduler. */
  readonly scheduler?: SchedulerLike | undefined
  /** Default: performance.now and Date.now, or the time of `scheduler` where that is given. */
  readonly clock?: Clock | undefined
  /** Default: the platform's secure source. */
  readonly random?: Random | undefined
}

/** Behaviors by name; see `PeerOptions.behaviors`. */
export type Behaviors = { readonly [K in DefaultBehavior]?: Behavior | false } & {
  readonly [name: string]: Behavior | false
}

/** Options with every default filled in. */
export interface ResolvedOptions extends Environment {
  readonly network: Network
  readonly userAgent: string
  readonly services: bigint
  readonly protocolVersion: number
  readonly relay: boolean
  readonly newestBlock: () => Pick<NewestBlock, 'height'>
  readonly initial: readonly Message[]
  readonly acceptVersion: (version: VersionMessage) => RejectMessage | undefined
  readonly traffic: Pick<Observer<Traffic>, 'next'> | undefined
  readonly handshakeTimeout: number
  readonly sendQueueLimit: number
  readonly policy: Policy
  readonly behaviors: ReadonlyMap<string, Behavior>
  readonly nonces: NonceRegistry
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw new TypeError(`${name} must be above 0, not ${value}`)
  return value
}

function ownUserAgent(program: UserAgent | undefined): string {
  const own: UserAgent = { name: 'rxpeer', version: RXPEER_VERSION }
  const text = formatUserAgent(program ? [own, program] : [own])
  if (text.length > MAX_USER_AGENT) {
    throw new TypeError(`the user agent has ${text.length} bytes, at most ${MAX_USER_AGENT} are allowed`)
  }
  return text
}

function mergeBehaviors(given: Behaviors): ReadonlyMap<string, Behavior> {
  const merged = new Map<string, Behavior>(Object.entries(defaultBehaviors))
  for (const [name, behavior] of Object.entries(given)) {
    if (behavior === false) merged.delete(name)
    else merged.set(name, behavior)
  }
  return merged
}

/**
 * Checks options and fills in the defaults.
 * @throws TypeError for options that make no sense, at the call of `connect` or `accept` and not in a retry
 */
export function resolveOptions(given: PeerOptions): ResolvedOptions {
  const protocolVersion = given.protocolVersion ?? PROTOCOL_VERSION
  if (!Number.isInteger(protocolVersion) || protocolVersion < protocolVersions.versionNonce) {
    throw new TypeError(
      `protocolVersion must be an integer from ${protocolVersions.versionNonce} on, not ${protocolVersion}`,
    )
  }
  const services = given.services ?? Services.none
  if (services < 0n || services > 0xffff_ffff_ffff_ffffn) {
    throw new TypeError(`services must be a set of 64 bits, not ${services}`)
  }
  return {
    network: given.network ?? mainnet,
    userAgent: ownUserAgent(given.userAgent),
    services,
    protocolVersion,
    relay: given.relay ?? true,
    newestBlock: given.newestBlock ?? (() => ({ height: 0 })),
    initial: given.initial ?? [],
    acceptVersion: given.acceptVersion ?? (() => undefined),
    traffic: given.traffic,
    handshakeTimeout: positive('handshakeTimeout', given.handshakeTimeout ?? 30_000),
    sendQueueLimit: positive('sendQueueLimit', given.sendQueueLimit ?? 64 * 1024 * 1024),
    policy: given.policy ?? btcdPolicy,
    behaviors: mergeBehaviors(given.behaviors ?? {}),
    nonces: given.nonces ?? sharedNonces,
    ...environment(given),
  }
}
