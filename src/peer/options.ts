import type { Observer, SchedulerLike } from 'rxjs'
import type { Behavior } from '../behaviors/behavior.js'
import { type DefaultBehavior, defaultBehaviors, type Intervals } from '../behaviors/defaults.js'
import type { Clock, Random } from '../stream/environment.js'
import type { MemoryBudget } from '../stream/ledger.js'
import type { Hash } from '../wire/hash.js'
import { MAX_USER_AGENT } from '../wire/limits.js'
import type { RejectMessage } from '../wire/messages/reject.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Message } from '../wire/messages.js'
import { mainnet, type Network } from '../wire/network.js'
import { Services } from '../wire/services.js'
import { formatUserAgent, type UserAgent } from '../wire/useragent.js'
import { PROTOCOL_VERSION, protocolVersions } from '../wire/versions.js'
import { duration, positive } from './checks.js'
import { environment, sharedNonces } from './defaults.js'
import type { Surroundings } from './guard.js'
import { MAX_KNOWN_INVENTORY } from './known-inventory.js'
import { MEMORY_LIMIT } from './marks.js'
import type { NonceRegistry } from './nonces.js'
import { RXPEER_VERSION } from './own-version.js'
import { btcdPolicy, type Policy } from './policy.js'
import { remembering } from './remembering.js'
import { SEND_TIMEOUT } from './send-watch.js'
import type { Traffic } from './traffic.js'

/** What the version message has 4 bytes for, signed. */
const MAX_INT32 = 0x7fff_ffff

/** The best block that we know. */
export interface NewestBlock {
  /** Number of blocks before it: the first block has height 0. */
  readonly height: number
  /** Wire order. */
  readonly hash: Hash
}

/** How a peer presents itself and behaves. Every option has a default. */
export interface PeerOptions extends Intervals {
  /** Default: mainnet. */
  readonly network?: Network | undefined
  /** Our program, shown after rxpeer's own entry (BIP14). Default: rxpeer alone. */
  readonly userAgent?: UserAgent | undefined
  /** What we offer. Default: nothing. */
  readonly services?: bigint | undefined
  /** Highest protocol version that we announce and speak. Default {@link PROTOCOL_VERSION}, 70016. */
  readonly protocolVersion?: number | undefined
  /** What the remote has to offer, else it is refused with `missing-services`. Default: nothing. */
  readonly requiredServices?: bigint | undefined
  /** Whether the remote should announce transactions without a filter (BIP37). Default true. */
  readonly relay?: boolean | undefined
  /** Asked for our best block when our version message is sent. Default: height 0. */
  readonly newestBlock?: (() => NewestBlock) | undefined
  /** Sent right after verack. Default: nothing. */
  readonly initial?: readonly Message[] | undefined
  /** Looks at the remote's version message; the reject message that it returns is sent, then the peer closes. */
  readonly acceptVersion?: ((version: VersionMessage) => RejectMessage | undefined) | undefined
  /** Sees every read and write. It is never completed, so one can serve many peers. */
  readonly traffic?: Pick<Observer<Traffic>, 'next'> | undefined
  /** ms from the open connection to the end of the handshake. Default: what the policy says, 30,000 under btcd's. */
  readonly handshakeTimeout?: number | undefined
  /**
   * Bytes that may wait to be written of what we send before the peer closes with `send-queue-full`, each message with
   * its framing and 116 bytes for its objects; what it is made of is the sender's, and not counted. Default 64 MiB.
   */
  readonly sendQueueLimit?: number | undefined
  /** ms in which nothing of what waits is written before the peer closes with `send-stalled`. Default 1,200,000 (Core `TIMEOUT_INTERVAL`). */
  readonly sendTimeout?: number | undefined
  /**
   * Bytes that the remote can make us hold, at their real cost. Above a quarter of it held by handlers, delivery to users
   * waits; above a quarter that waits for users, or a twentieth of questions that wait for answers, reading waits; above a
   * quarter that requests hold back, they drop and ask again; above a twentieth of answers that are not written, no more
   * are made. Each mark can be exceeded by one message. What is held now is in `stats().memory`. Default 20,000,000.
   */
  readonly memoryLimit?: number | undefined
  /** A bound over many peers, see `createMemoryBudget`. Default: none. */
  readonly memoryBudget?: MemoryBudget | undefined
  /** Entries of known inventory that are remembered. Default 1000 (btcd `maxKnownInventory`). */
  readonly knownInventoryLimit?: number | undefined
  /**
   * On regtest, and with a remote at 127.0.0.1 or localhost, drop what cannot be read after the handshake and stay, as
   * btcd does. Wrong magic and over-length close all the same. Default false.
   */
  readonly regtestLeniency?: boolean | undefined
  /** What follows from a remote's offences. Default {@link btcdPolicy}. */
  readonly policy?: Policy | undefined
  /**
   * Habits by name, merged over the default ones: a new name adds one, a default's name replaces it, `false` leaves
   * it out.
   * @example { behaviors: { pong: false, keepAlive: keepAlive(60_000), greet: () => of({ command: 'getaddr' }) } }
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
export interface ResolvedOptions extends Surroundings {
  readonly network: Network
  readonly userAgent: string
  readonly services: bigint
  readonly protocolVersion: number
  readonly requiredServices: bigint
  readonly relay: boolean
  readonly newestBlock: () => Pick<NewestBlock, 'height'>
  readonly initial: readonly Message[]
  readonly acceptVersion: (version: VersionMessage) => RejectMessage | undefined
  readonly traffic: Pick<Observer<Traffic>, 'next'> | undefined
  readonly handshakeTimeout: number
  readonly sendQueueLimit: number
  readonly sendTimeout: number
  readonly memoryLimit: number
  readonly memoryBudget: MemoryBudget | undefined
  readonly knownInventoryLimit: number
  readonly regtestLeniency: boolean
  readonly policy: Policy
  readonly behaviors: ReadonlyMap<string, Behavior>
  readonly nonces: NonceRegistry
}

const own: UserAgent = { name: 'rxpeer', version: RXPEER_VERSION }

function ownUserAgent(program: UserAgent | undefined): string {
  const text = formatUserAgent(program ? [own, program] : [own])
  if (text.length > MAX_USER_AGENT) {
    throw new TypeError(`the user agent has ${text.length} bytes, at most ${MAX_USER_AGENT} are allowed`)
  }
  const odd = Array.from(text).find(character => character < ' ' || character > '~')
  if (odd !== undefined) throw new TypeError(`the user agent has ${JSON.stringify(odd)}, which is not ASCII`)
  return text
}

const times = ['idleTimeout', 'pingInterval', 'pingTimeout', 'stallTick', 'trickleInterval'] as const

function intervals(given: PeerOptions, policy: Policy): Intervals {
  for (const name of times) {
    const value = given[name]
    if (value !== undefined) duration(name, value)
  }
  return {
    idleTimeout: given.idleTimeout ?? policy.idleTimeout,
    pingInterval: given.pingInterval,
    pingTimeout: given.pingTimeout ?? policy.pingTimeout,
    stallTick: given.stallTick,
    trickleInterval: given.trickleInterval,
    trickleTiming: given.trickleTiming,
  }
}

const usualHabits = /* @__PURE__ */ remembering(defaultBehaviors)

function mergeBehaviors(given: PeerOptions, policy: Policy): ReadonlyMap<string, Behavior> {
  const habits = usualHabits(intervals(given, policy))
  if (given.behaviors === undefined) return habits
  const merged = new Map(habits)
  for (const [name, behavior] of Object.entries(given.behaviors)) {
    if (behavior === false) merged.delete(name)
    else merged.set(name, behavior)
  }
  return merged
}

const atGenesis = (): Pick<NewestBlock, 'height'> => ({ height: 0 })
const acceptAny = (): undefined => undefined
const nothing: readonly Message[] = []

/**
 * Checks options and fills in the defaults.
 * @throws TypeError for options that make no sense, at the call of `connect` or `accept` and not in a retry
 */
export function resolveOptions(given: PeerOptions): ResolvedOptions {
  // A table of behaviors is the caller's, who may have changed it meanwhile.
  return given.behaviors === undefined ? usual(given) : resolve(given)
}

const usual = /* @__PURE__ */ remembering(resolve)

function resolve(given: PeerOptions): ResolvedOptions {
  const protocolVersion = given.protocolVersion ?? PROTOCOL_VERSION
  const lowest = protocolVersions.versionNonce
  if (!Number.isInteger(protocolVersion) || protocolVersion < lowest || protocolVersion > MAX_INT32) {
    throw new TypeError(
      `protocolVersion must be an integer from ${lowest} to ${MAX_INT32}, not ${protocolVersion}`,
    )
  }
  const policy = given.policy ?? btcdPolicy
  const { scheduler, clock, random, nextTurn, crowd } = environment(given)
  const services = given.services ?? Services.none
  if (services < 0n || services > 0xffff_ffff_ffff_ffffn) {
    throw new TypeError(`services must be a set of 64 bits, not ${services}`)
  }
  return {
    network: given.network ?? mainnet,
    userAgent: ownUserAgent(given.userAgent),
    services,
    protocolVersion,
    requiredServices: given.requiredServices ?? Services.none,
    relay: given.relay ?? true,
    newestBlock: given.newestBlock ?? atGenesis,
    initial: given.initial ?? nothing,
    acceptVersion: given.acceptVersion ?? acceptAny,
    traffic: given.traffic,
    handshakeTimeout: duration('handshakeTimeout', given.handshakeTimeout ?? policy.handshakeTimeout),
    sendQueueLimit: positive('sendQueueLimit', given.sendQueueLimit ?? 64 * 1024 * 1024),
    sendTimeout: duration('sendTimeout', given.sendTimeout ?? SEND_TIMEOUT),
    memoryLimit: positive('memoryLimit', given.memoryLimit ?? MEMORY_LIMIT),
    memoryBudget: given.memoryBudget,
    knownInventoryLimit: positive('knownInventoryLimit', given.knownInventoryLimit ?? MAX_KNOWN_INVENTORY),
    regtestLeniency: given.regtestLeniency ?? false,
    policy,
    behaviors: mergeBehaviors(given, policy),
    nonces: given.nonces ?? sharedNonces,
    scheduler,
    clock,
    random,
    nextTurn,
    crowd,
  }
}
