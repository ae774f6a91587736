import { map, merge, Observable, ReplaySubject, Subject, Subscription, take, timer } from 'rxjs'
import type { BehaviorContext, PeerDirection } from '../behaviors/behavior.js'
import { type Connection, TransportError } from '../stream/connection.js'
import { randomNonce } from '../stream/environment.js'
import { Inbox } from '../stream/inbox.js'
import type { Link } from '../stream/link.js'
import { byCommand } from '../stream/of-command.js'
import { v1 } from '../stream/v1.js'
import type { Frame } from '../wire/deframer.js'
import { WireError } from '../wire/error.js'
import { RejectCode } from '../wire/messages/reject.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { decodeMessage, isKnownCommand, type Message } from '../wire/messages.js'
import { parseHost, unknownAddress } from '../wire/netaddress.js'
import { protocolVersions } from '../wire/versions.js'
import { type CloseReason, endedBy, PeerError } from './close.js'
import { nextPeerId } from './defaults.js'
import { Delivery } from './delivery.js'
import { afterHandshake } from './gate.js'
import { Handshake, type HandshakeStep, type Negotiated } from './handshake.js'
import type { ResolvedOptions, Traffic } from './options.js'
import { Outbox, type SendOptions } from './outbox.js'
import type { Peer } from './peer.js'
import { conversationFaults, type Rejection, rejections, type Violation } from './policy.js'
import { createTally, type PeerStats } from './stats.js'

/** How long a reject may take to be written before the connection is closed without it, ms. */
const REJECT_LINGER = 1_000

/** What a session tells of its life: the peer once, then its end. */
export interface SessionEvents {
  ready(peer: Peer): void
  /** Our own `disconnect()`. */
  complete(): void
  error(error: PeerError): void
}

type Inbound = { readonly frame: Frame } | { readonly end: CloseReason }

/** One connection from its first byte to its end: the place where all parts of a peer meet. */
export class Session {
  readonly id: number = nextPeerId()
  readonly #connection: Connection
  readonly #direction: PeerDirection
  readonly #options: ResolvedOptions
  readonly #events: SessionEvents
  readonly #link: Link
  readonly #outbox: Outbox
  readonly #inbox = new Inbox<Inbound>(item => this.#handle(item))
  readonly #delivery = new Delivery()
  readonly #handshake: Handshake
  readonly #nonce: bigint
  readonly #tally = createTally()
  readonly #connectedAt: number
  #timeOffset: number | undefined
  readonly #traffic$ = new Subject<Traffic>()
  readonly #closed$ = new ReplaySubject<CloseReason>(1)
  /** Timers, behaviors and the inbound stream: all that must stop first when the peer closes. */
  readonly #running = new Subscription()
  readonly #handshakeTimer = new Subscription()
  #phase: 'handshake' | 'ready' | 'closing' | 'closed' = 'handshake'
  /** Why the peer will close, while the reject message that says so is being written. */
  #verdict: CloseReason | undefined
  /** The end that waits until the message in hand is through. */
  #ending: CloseReason | undefined

  constructor(
    connection: Connection,
    direction: PeerDirection,
    options: ResolvedOptions,
    events: SessionEvents,
  ) {
    this.#connection = connection
    this.#direction = direction
    this.#options = options
    this.#events = events
    this.#connectedAt = options.clock.epoch()
    this.#nonce = randomNonce(options.random)
    this.#handshake = new Handshake({
      direction,
      protocolVersion: options.protocolVersion,
      minProtocolVersion: options.policy.minProtocolVersion,
      version: this.#ownVersion(),
      isOwnNonce: nonce => options.nonces.has(nonce),
      acceptVersion: options.acceptVersion,
    })
    this.#link = v1(connection, options.network)
    this.#outbox = new Outbox(this.#link, options.sendQueueLimit, () =>
      this.#close({
        code: 'send-queue-full',
        by: 'local',
        reason: `more than ${options.sendQueueLimit} bytes wait to be written`,
      }),
    )
  }

  /** Begins the handshake. */
  start(): void {
    if (!this.#live()) return
    const { nonces, handshakeTimeout, scheduler, traffic } = this.#options
    nonces.add(this.#nonce)
    if (traffic) this.#traffic$.subscribe({ next: event => traffic.next(event) })
    this.#outbox.written$.subscribe(({ message, payload, size }) => {
      this.#tally.bytesSent += size
      this.#tally.messagesSent += 1
      this.#tally.lastSend = this.#options.clock.epoch()
      const command = message.command === 'unknown' ? message.name : message.command
      this.#tell({ direction: 'sent', command, bytes: size, payload, message, error: undefined })
    })
    this.#handshakeTimer.add(
      timer(handshakeTimeout, scheduler).subscribe(() =>
        this.#close({
          code: 'handshake-timeout',
          by: 'local',
          reason: `the handshake took more than ${handshakeTimeout} ms`,
        }),
      ),
    )
    this.#running.add(this.#handshakeTimer)
    for (const message of this.#handshake.start()) this.#send(message)
    this.#running.add(
      this.#link.frames$.subscribe({
        next: frame => this.#inbox.push({ frame }),
        error: (error: unknown) => this.#inbox.push({ end: endOf(error) }),
        complete: () =>
          this.#inbox.push({
            end: { code: 'remote-closed', by: 'remote', reason: 'the remote ended the connection' },
          }),
      }),
    )
  }

  /** Stops delivery after the message in hand; what comes in waits. */
  hold(): void {
    this.#connection.pause()
    this.#inbox.hold()
  }

  /** Goes on with delivery. */
  release(): void {
    this.#connection.resume()
    this.#inbox.release()
  }

  /** Our own end. */
  disconnect(reason = 'disconnected'): void {
    this.#close({ code: 'disconnected', by: 'local', reason })
  }

  stats(): PeerStats {
    const remote = this.#handshake.version
    return {
      id: this.id,
      direction: this.#direction,
      address: this.#connection.remote,
      localAddress: this.#connection.local,
      transport: this.#link.transport,
      connectedAt: this.#connectedAt,
      ...this.#tally,
      services: remote?.services,
      version: remote?.protocolVersion,
      protocolVersion: this.#handshake.protocolVersion,
      userAgent: remote?.userAgent,
      startHeight: remote?.startHeight,
      timeOffset: this.#timeOffset,
    }
  }

  #ownVersion(): VersionMessage {
    const { protocolVersion, services, clock, userAgent, newestBlock, relay } = this.#options
    const { height } = newestBlock()
    if (!Number.isInteger(height) || height < 0) throw new TypeError(`newestBlock tells the height ${height}`)
    const { remote, proxied } = this.#connection
    // What a proxy hides must not be told to the remote, so it is shown no address of its own.
    const host = proxied || remote === undefined ? undefined : parseHost(remote.host)
    return {
      command: 'version',
      protocolVersion,
      services,
      timestamp: BigInt(Math.floor(clock.epoch() / 1000)),
      receiver: host && remote ? { services: 0n, ...host, port: remote.port } : unknownAddress,
      sender: { ...unknownAddress, services },
      nonce: this.#nonce,
      userAgent,
      startHeight: height,
      relay,
    }
  }

  #send(message: Message, options: SendOptions = {}): Observable<boolean> {
    return this.#outbox.send(message, { ...options, protocolVersion: this.#handshake.protocolVersion })
  }

  #tell(event: Omit<Traffic, 'peer'>): void {
    if (this.#traffic$.observed) this.#traffic$.next({ peer: this.id, ...event })
  }

  #handle(item: Inbound): void {
    if ('end' in item) this.#close(item.end)
    else this.#receive(item.frame)
    if (this.#ending) this.#finish(this.#ending)
  }

  #receive(frame: Frame): void {
    if (!this.#live()) return
    this.#tally.bytesReceived += frame.size
    const message = this.#read(frame)
    // An observer of the traffic may have ended the peer.
    if (message === undefined || !this.#live()) return
    this.#tally.messagesReceived += 1
    if (message.command !== 'unknown') this.#tally.lastReceive = this.#options.clock.epoch()
    if (this.#phase === 'handshake') this.#negotiate(message)
    else this.#admit(message)
  }

  /** The message of a frame; `undefined` where there is none to handle. */
  #read(frame: Frame): Message | undefined {
    const { name, payload, size, checksumValid, commandFault } = frame
    const tell = (message: Message | undefined, error: WireError | undefined) =>
      this.#tell({ direction: 'received', command: name, bytes: size, payload, message, error })
    const known = isKnownCommand(name)

    if (commandFault !== undefined) {
      const error = new WireError(commandFault, undefined, { command: name, offset: 4 })
      if (this.#violates(commandFault, error)) {
        tell(undefined, error)
        return undefined
      }
    }
    if (!checksumValid) {
      const error = new WireError('bad-checksum', undefined, { command: name, offset: 20 })
      if (this.#violates(known ? 'bad-checksum' : 'unknown-bad-checksum', error)) {
        tell(undefined, error)
        return undefined
      }
    }
    try {
      const message = decodeMessage(name, payload, {
        protocolVersion: this.#handshake.protocolVersion,
        lenient: this.#options.policy.actions['trailing-bytes'] === 'ignore',
      })
      tell(message, undefined)
      return message
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      tell(undefined, error)
      this.#violates(violationOf(error), error)
      return undefined
    }
  }

  /** Does what the policy says of a violation; whether the message is lost to the peer. */
  #violates(violation: Violation, cause?: WireError, given?: Rejection): boolean {
    const { actions } = this.#options.policy
    const unreadable = this.#phase === 'handshake' && cause !== undefined
    const action =
      unreadable && actions[violation] !== 'ignore' ? actions['unreadable-in-handshake'] : actions[violation]
    if (action === 'ignore') return false
    if (action === 'drop') return true
    const reason = cause?.message ?? given?.reason ?? describe(violation)
    const end: CloseReason = { code: violation, by: 'local', reason, ...(cause && { cause }) }
    if (action === 'disconnect') this.#close(end)
    else this.#rejectAndClose(given ?? this.#rejection(violation, cause), end)
    return true
  }

  #rejection(violation: Violation, cause: WireError | undefined): Rejection {
    const own = cause === undefined ? rejections[violation as keyof typeof rejections] : undefined
    if (own) return own
    const { remote } = this.#connection
    const from = remote ? `${remote.host}:${remote.port} ` : ''
    return {
      rejected: 'malformed',
      code: RejectCode.malformed,
      reason: `Can't read message from ${from}(${this.#direction}): ${cause?.message ?? violation}`,
    }
  }

  /** Tells the remote what was wrong, where its version knows how, and closes once that is written. */
  #rejectAndClose(rejection: Rejection, end: CloseReason): void {
    if (this.#handshake.protocolVersion < protocolVersions.reject) {
      this.#close(end)
      return
    }
    this.#phase = 'closing'
    this.#verdict = end
    this.#running.unsubscribe()
    merge(this.#send({ command: 'reject', ...rejection }), timer(REJECT_LINGER, this.#options.scheduler))
      .pipe(take(1))
      .subscribe(() => this.#close(end))
  }

  #negotiate(message: Message): void {
    const step = this.#step(message)
    if (step === undefined) return
    if (message.command === 'version' && this.#handshake.version === message) {
      const now = BigInt(Math.floor(this.#options.clock.epoch() / 1000))
      this.#timeOffset = Number(message.timestamp - now)
    }
    if (step.kind === 'continue') for (const answer of step.send) this.#send(answer)
    else if (step.kind === 'violation') this.#violates(step.fault, undefined, step.rejection)
    else this.#ready(step.negotiated)
  }

  /** The handshake's answer; what the user's `acceptVersion` throws must not reach the socket's stack. */
  #step(message: Message): HandshakeStep | undefined {
    try {
      return this.#handshake.receive(message)
    } catch (cause) {
      const reason = `acceptVersion failed: ${messageOf(cause)}`
      this.#close({ code: 'version-rejected', by: 'local', reason, cause })
      return undefined
    }
  }

  #ready(negotiated: Negotiated): void {
    this.#phase = 'ready'
    this.#handshakeTimer.unsubscribe()
    try {
      for (const message of this.#options.initial) this.#send(message)
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause
      this.#close({ code: cause.code, by: 'local', reason: `options.initial: ${cause.message}`, cause })
      return
    }
    this.#startBehaviors(negotiated)
    if (this.#live()) this.#events.ready(this.#createPeer(negotiated))
  }

  #startBehaviors({ version, protocolVersion, features }: Negotiated): void {
    const { scheduler, clock, random, behaviors } = this.#options
    const { behaviors: inbound } = this.#delivery
    const context: BehaviorContext = {
      scheduler,
      clock,
      random,
      direction: this.#direction,
      protocolVersion,
      version,
      features,
      on: command => inbound[byCommand](command),
      messages$: inbound,
      sent$: this.#outbox.written$.pipe(map(({ message }) => message)),
    }
    for (const [name, behavior] of behaviors) {
      const failed = (error: unknown) =>
        this.#close({
          code: 'behavior-failed',
          by: 'local',
          reason: `the behavior "${name}" failed: ${messageOf(error)}`,
          cause: error,
        })
      const output$ = new Observable<Message>(subscriber => behavior(context).subscribe(subscriber))
      this.#running.add(output$.pipe(map(message => this.#send(message))).subscribe({ error: failed }))
    }
  }

  #admit(message: Message): void {
    const fault = afterHandshake[message.command]
    if (fault !== undefined && this.#violates(fault)) return
    this.#delivery.deliver(message)
  }

  #live(): boolean {
    return this.#phase === 'handshake' || this.#phase === 'ready'
  }

  /**
   * Closes in the order that users can rely on: 1 timers and socket, 2 pending sends, 3 `closed$`, 4 `connect`, 5 the
   * streams. Completing the streams first would let `toArray()` emit a truncated list before `retry` acts. A message
   * in hand still reaches everybody before step 2.
   */
  #close(given: CloseReason): void {
    if (this.#ending !== undefined || this.#phase === 'closed') return
    const end = this.#verdict ?? given
    this.#phase = 'closing'
    this.#ending = end
    this.#running.unsubscribe()
    this.#options.nonces.delete(this.#nonce)
    if (end.by === 'local') this.#connection.close()
    else this.#connection.abort()
    if (!this.#inbox.draining) this.#finish(end)
  }

  #finish(end: CloseReason): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#inbox.close()
    this.#outbox.close()
    this.#closed$.next(end)
    this.#closed$.complete()
    if (end.code === 'disconnected') this.#events.complete()
    else this.#events.error(new PeerError(end, this.stats()))
    this.#outbox.complete()
    this.#traffic$.complete()
    this.#delivery.complete()
  }

  #createPeer({ version, protocolVersion, features }: Negotiated): Peer {
    const users = this.#delivery.messages$
    const closed$ = this.#closed$.asObservable()
    const send = (message: Message, options?: SendOptions) => this.#send(message, options)
    return {
      id: this.id,
      direction: this.#direction,
      address: this.#connection.remote,
      version,
      protocolVersion,
      features,
      messages$: users,
      on: command => users[byCommand](command),
      sent$: this.#outbox.written$.pipe(map(({ message }) => message)),
      closed$,
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
      stats: () => this.stats(),
      disconnect: reason => this.disconnect(reason),
      [Symbol.asyncDispose]: () =>
        new Promise(resolve => {
          closed$.subscribe({ complete: resolve })
          this.disconnect('disposed')
        }),
    }
  }
}

function describe(violation: Violation): string {
  return violation in conversationFaults
    ? conversationFaults[violation as keyof typeof conversationFaults]
    : violation
}

/** The violation of a payload that cannot be decoded; the faults of frames never come from there. */
function violationOf({ code }: WireError): Violation {
  return code === 'wrong-magic' || code === 'oversized-frame' || code === 'truncated-frame'
    ? 'bad-value'
    : code
}

/** What an error of the inbound stream means for the peer. */
function endOf(error: unknown): CloseReason {
  if (error instanceof WireError) {
    const by = error.code === 'truncated-frame' ? 'remote' : 'local'
    return { code: error.code, by, reason: error.message, cause: error }
  }
  if (error instanceof TransportError) {
    return { code: error.code, by: endedBy(error.code), reason: error.message, cause: error }
  }
  return { code: 'connection-failed', by: 'remote', reason: messageOf(error), cause: error }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
