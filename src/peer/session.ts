import { defer, merge, type Observable, ReplaySubject, Subscription, take, takeUntil, timer } from 'rxjs'
import type { Announcement } from '../behaviors/announcement.js'
import type { BehaviorContext, PeerDirection } from '../behaviors/behavior.js'
import { due } from '../behaviors/due.js'
import { type Connection, TransportError } from '../stream/connection.js'
import { randomNonce } from '../stream/environment.js'
import { Inbox } from '../stream/inbox.js'
import type { Link } from '../stream/link.js'
import { byCommand } from '../stream/of-command.js'
import { v1 } from '../stream/v1.js'
import type { Frame } from '../wire/deframer.js'
import { WireError } from '../wire/error.js'
import { type Message, wireName } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'
import { protocolVersions } from '../wire/versions.js'
import { Attention } from './attention.js'
import { type CloseReason, endedBy, PeerError } from './close.js'
import { nextPeerId } from './defaults.js'
import { Delivery } from './delivery.js'
import { gate } from './gate.js'
import { Habits } from './habits.js'
import { Handshake, type HandshakeStep, type Negotiated } from './handshake.js'
import { Holds } from './holds.js'
import { createKnownInventory } from './known-inventory.js'
import { LateSubject } from './late-subject.js'
import { isLenient } from './leniency.js'
import type { ResolvedOptions } from './options.js'
import { Outbox, type SendOptions, type Written } from './outbox.js'
import { ownVersionMessage } from './own-version-message.js'
import type { Peer } from './peer.js'
import { peerOf } from './peer-of.js'
import type { Violation } from './policy.js'
import { readFrame } from './reading.js'
import { describeViolation, type Rejection, rejectionOf } from './rejections.js'
import { RemoteState } from './remote-state.js'
import { createTally, type PeerStats } from './stats.js'
import type { Traffic } from './traffic.js'

/** How long a reject may take to be written before the connection is closed without it, ms. */
const REJECT_LINGER = 1_000

/** What a session tells of its life: the peer once, then its end. */
export interface SessionEvents {
  ready(peer: Peer): void
  /** Our own `disconnect()`. */
  complete(): void
  error(error: PeerError): void
}

type Inbound = { readonly frame: Frame } | { readonly end: CloseReason } | 'eof'

/** One connection from its first byte to its end: the place where all parts of a peer meet. */
export class Session {
  readonly id: number = nextPeerId()
  readonly direction: PeerDirection
  readonly connection: Connection
  readonly options: ResolvedOptions
  readonly delivery = new Delivery()
  readonly known: ReturnType<typeof createKnownInventory>
  readonly remote: RemoteState
  readonly closed$ = new ReplaySubject<CloseReason>(1)
  readonly #events: SessionEvents
  readonly #link: Link
  readonly #outbox: Outbox
  readonly #inbox = new Inbox<Inbound>(item => this.#handle(item))
  readonly #attention: Attention
  #holds: Holds | undefined
  readonly #sent = new LateSubject<Message>()
  /** What the behaviors see of `#sent`. */
  readonly #sentSince = new LateSubject<Message>()
  /** What of that nobody else awaits the answer of. */
  readonly #unawaited = new LateSubject<Message>()
  /** Messages of the handshake that are not written yet: no concern of behaviors, which start behind it. */
  readonly #opening = new Set<Message>()
  readonly #announced = new LateSubject<Announcement>()
  readonly #traffic = new LateSubject<Traffic>()
  readonly #handshake: Handshake
  readonly #nonce: bigint
  readonly #tally = createTally()
  readonly #connectedAt: number
  #timeOffset: number | undefined
  /** Timers, behaviors and the inbound stream: all that must stop first when the peer closes. */
  readonly #running = new Subscription()
  readonly #handshakeTimer = new Subscription()
  #phase: 'handshake' | 'ready' | 'closing' | 'closed' = 'handshake'
  /** Why the peer will close, while the reject message that says so is being written. */
  #verdict: CloseReason | undefined
  /** The end that waits until the message in hand is through. */
  #ending: CloseReason | undefined
  /** How many want delivery paused. */
  #pauses = 0
  /** Bytes of the message in hand. */
  #inHand = 0

  constructor(
    connection: Connection,
    direction: PeerDirection,
    options: ResolvedOptions,
    events: SessionEvents,
  ) {
    this.connection = connection
    this.direction = direction
    this.options = options
    this.#events = events
    this.#connectedAt = options.clock.epoch()
    this.#attention = new Attention(options.clock)
    this.remote = new RemoteState(options.clock)
    this.known = createKnownInventory(options.knownInventoryLimit)
    this.#nonce = randomNonce(options.random)
    this.#handshake = new Handshake({
      direction,
      protocolVersion: options.protocolVersion,
      minProtocolVersion: options.policy.minProtocolVersion,
      requiredServices: options.requiredServices,
      version: ownVersionMessage(options, connection, this.#nonce),
      isOwnNonce: nonce => options.nonces.has(nonce),
      acceptVersion: options.acceptVersion,
    })
    this.#link = v1(connection, options.network)
    this.#outbox = new Outbox(this.#link, options.sendQueueLimit, {
      written: written => this.#written(written),
      overflow: () =>
        this.#end('send-queue-full', `more than ${options.sendQueueLimit} bytes wait to be written`),
    })
  }

  /** Begins the handshake. */
  start(): void {
    if (!this.#live) return
    const { nonces, handshakeTimeout, scheduler, traffic } = this.options
    nonces.add(this.#nonce)
    if (traffic) this.#traffic.stream$.subscribe({ next: event => traffic.next(event) })
    this.#handshakeTimer.add(
      timer(handshakeTimeout, scheduler).subscribe(() =>
        this.#end('handshake-timeout', `the handshake took more than ${handshakeTimeout} ms`),
      ),
    )
    this.#running.add(this.#handshakeTimer)
    for (const message of this.#handshake.start()) this.send(message)
    this.#running.add(
      this.#link.frames$.subscribe({
        next: frame => this.#inbox.push({ frame }),
        error: (error: unknown) => this.#inbox.push({ end: endOf(error) }),
        complete: () => this.#inbox.push('eof'),
      }),
    )
  }

  /** Stops delivery after the message in hand; what comes in waits. As many `resume` undo it. */
  pause(): void {
    this.#pauses += 1
    if (this.#pauses > 1) return
    this.#attention.pause()
    this.connection.pause()
    this.#inbox.hold()
  }

  /** Goes on with delivery. */
  resume(): void {
    this.#pauses -= 1
    if (this.#pauses > 0) return
    this.#attention.resume()
    this.connection.resume()
    this.#inbox.release()
  }

  /** See `Peer.hold`. */
  hold(bytes = this.#inHand): () => void {
    this.#holds ??= new Holds(
      () => this.pause(),
      () => this.resume(),
    )
    return this.#holds.hold(bytes)
  }

  /** See `Peer.after`. */
  after(ms: number): Observable<void> {
    if (Number.isNaN(ms)) throw new TypeError('a time to wait is wanted, not NaN')
    return defer(() => {
      const attention = this.#attention
      const { scheduler } = this.options
      const deadline = attention.now() + ms
      const paused = () => attention.paused
      return due({ scheduler, paused, resumed$: attention.resumed$ }, () => deadline - attention.now())
    }).pipe(takeUntil(this.closed$))
  }

  /** See `Peer.announce`. */
  announce(announcement: Announcement): void {
    this.#announced.next(announcement)
  }

  /** See `Peer.sent$`. */
  get sent$(): Observable<Message> {
    return this.#sent.stream$
  }

  /** See `Peer.traffic$`. */
  get traffic$(): Observable<Traffic> {
    return this.#traffic.stream$
  }

  /** See `Peer.send`. */
  send(message: Message, options: SendOptions = {}): Observable<boolean> {
    if (this.#phase === 'handshake') this.#opening.add(message)
    return this.#outbox.send(message, { ...options, protocolVersion: this.#handshake.protocolVersion })
  }

  /** Our own end. */
  disconnect(reason = 'disconnected'): void {
    this.#end('disconnected', reason)
  }

  /** See `Peer.stats`. */
  stats(): PeerStats {
    const { version, features, protocolVersion } = this.#handshake
    return {
      id: this.id,
      direction: this.direction,
      address: this.connection.remote,
      localAddress: this.connection.local,
      transport: this.#link.transport,
      connectedAt: this.#connectedAt,
      ...this.#tally,
      services: version?.services,
      version: version?.protocolVersion,
      protocolVersion,
      userAgent: version?.userAgent,
      startHeight: version?.startHeight,
      timeOffset: this.#timeOffset,
      witness: version !== undefined && hasServices(version.services, Services.witness),
      wantsAddrV2: features.addrV2,
      ...this.remote.snapshot(),
    }
  }

  get #live(): boolean {
    return this.#phase === 'handshake' || this.#phase === 'ready'
  }

  #written({ message, payload, size, awaited }: Written): void {
    this.#tally.bytesSent += size
    this.#tally.messagesSent += 1
    this.#tally.lastSend = this.options.clock.epoch()
    this.remote.sent(message, size, this.#handshake.protocolVersion)
    const command = wireName(message)
    this.#tell({ direction: 'sent', command, bytes: size, payload, message, error: undefined })
    if (!this.#opening.delete(message)) {
      this.#sentSince.next(message)
      if (!awaited) this.#unawaited.next(message)
    }
    this.#sent.next(message)
  }

  #tell(event: Omit<Traffic, 'peer'>): void {
    if (this.#traffic.observed) this.#traffic.next({ peer: this.id, ...event })
  }

  #handle(item: Inbound): void {
    if (item === 'eof') this.#close(this.#endOfStream())
    else if ('end' in item) this.#close(item.end)
    else this.#attention.handle(() => this.#receive(item.frame))
    if (this.#ending) this.#finish(this.#ending)
  }

  #endOfStream(): CloseReason {
    const silent = this.#handshake.version === undefined
    // A node closes without a word on another network's magic.
    const when = silent ? ' before its version message: is it on another network?' : ''
    return { code: 'remote-closed', by: 'remote', reason: `the remote ended the connection${when}` }
  }

  #receive(frame: Frame): void {
    if (!this.#live) return
    const { name, payload, size } = frame
    this.#tally.bytesReceived += size
    this.#inHand = size
    const read = readFrame(frame, this.#handshake.protocolVersion, this.options.policy)
    const { message } = read
    const error = message === undefined ? read.error : undefined
    if (message !== undefined) this.#count(message, size)
    this.#tell({ direction: 'received', command: name, bytes: size, payload, message, error })
    // An observer of the traffic may have ended the peer.
    if (!this.#live) return
    if (message === undefined) {
      this.#violates(read.violation, read.error)
      return
    }
    if (this.#phase === 'handshake') this.#negotiate(message)
    else this.#admit(message)
  }

  #count(message: Message, size: number): void {
    this.#tally.messagesReceived += 1
    if (message.command !== 'unknown') this.#tally.lastReceive = this.options.clock.epoch()
    this.remote.received(message, size)
  }

  /** Does what the policy says of a violation; whether the message is lost to the peer. */
  #violates(violation: Violation, cause?: WireError, given?: Rejection): boolean {
    const { actions } = this.options.policy
    const unreadable = cause !== undefined && this.#phase === 'handshake'
    const action = actions[unreadable ? 'unreadable-in-handshake' : violation]
    if (action === 'ignore') return false
    if (action === 'drop') return true
    if (cause !== undefined && this.#phase === 'ready' && isLenient(this.options, this.connection))
      return true
    const rejection = given ?? rejectionOf(violation, cause, this.direction, this.connection.remote)
    const reason = cause?.message ?? given?.reason ?? describeViolation(violation)
    const end: CloseReason = { code: violation, by: 'local', reason, ...(cause && { cause }) }
    if (action === 'disconnect') this.#close(end)
    else this.#rejectAndClose(rejection, end)
    return true
  }

  /** Tells the remote what was wrong, where its version knows how, and closes once that is written. */
  #rejectAndClose({ rejected, code, reason }: Rejection, end: CloseReason): void {
    if (this.#handshake.protocolVersion < protocolVersions.reject) {
      this.#close(end)
      return
    }
    this.#phase = 'closing'
    this.#verdict = end
    this.#running.unsubscribe()
    const written$ = this.send({ command: 'reject', rejected, code, reason })
    merge(written$, timer(REJECT_LINGER, this.options.scheduler))
      .pipe(take(1))
      .subscribe(() => this.#close(end))
  }

  #negotiate(message: Message): void {
    const step = this.#step(message)
    if (step === undefined) return
    if (message.command === 'version' && this.#handshake.version === message) {
      const now = BigInt(Math.floor(this.options.clock.epoch() / 1000))
      this.#timeOffset = Number(message.timestamp - now)
      this.remote.heard(message)
    }
    if (step.kind === 'continue') for (const answer of step.send) this.send(answer)
    else if (step.kind === 'violation') this.#violates(step.fault, undefined, step.rejection)
    else this.#ready(step.negotiated)
  }

  /** The handshake's answer; what the user's `acceptVersion` throws must not reach the socket's stack. */
  #step(message: Message): HandshakeStep | undefined {
    try {
      return this.#handshake.receive(message)
    } catch (cause) {
      this.#end('version-rejected', `acceptVersion failed: ${messageOf(cause)}`, cause)
      return undefined
    }
  }

  #ready(negotiated: Negotiated): void {
    this.#phase = 'ready'
    this.#handshakeTimer.unsubscribe()
    const habits = new Habits({
      send: message => this.send(message),
      end: (code, reason, cause) => this.#end(code, reason, cause),
    })
    // Behaviors see the initial messages, which a transport may take at the call, but say nothing before them.
    habits.start(this.options.behaviors, this.#contextOf(negotiated), this.#running)
    try {
      for (const message of this.options.initial) this.send(message)
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause
      this.#end(cause.code, `options.initial: ${cause.message}`, cause)
      return
    }
    habits.speak()
    if (this.#live) this.#events.ready(peerOf(this, negotiated))
  }

  #contextOf({ version, protocolVersion, features }: Negotiated): BehaviorContext {
    const { scheduler, clock, random } = this.options
    const { behaviors: inbound } = this.delivery
    const attention = this.#attention
    attention.start()
    return {
      scheduler,
      clock,
      random,
      direction: this.direction,
      protocolVersion,
      version,
      features,
      on: command => inbound[byCommand](command),
      messages$: inbound,
      sent$: this.#sentSince.stream$,
      unawaited$: this.#unawaited.stream$,
      announced$: this.#announced.stream$,
      known: this.known,
      attention: () => attention.now(),
      lastHandled: () => attention.lastHandled(),
      handling: () => attention.handling(),
      resumed$: attention.resumed$,
      paused: () => attention.paused,
    }
  }

  #admit(message: Message): void {
    const { services } = this.options
    const fault = gate(message, { services, protocolVersion: this.#handshake.protocolVersion })
    if (fault !== undefined && this.#violates(fault)) return
    this.remote.heard(message)
    this.delivery.deliver(message)
  }

  #end(code: CloseReason['code'], reason: string, cause?: unknown): void {
    this.#close({ code, by: 'local', reason, ...(cause !== undefined && { cause }) })
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
    this.options.nonces.delete(this.#nonce)
    if (end.by === 'local') this.connection.close()
    else this.connection.abort()
    if (!this.#inbox.draining) this.#finish(end)
  }

  #finish(end: CloseReason): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#inbox.close()
    this.#outbox.close()
    this.closed$.next(end)
    this.closed$.complete()
    if (end.code === 'disconnected') this.#events.complete()
    else this.#events.error(new PeerError(end, this.stats()))
    this.#sent.complete()
    this.#sentSince.complete()
    this.#unawaited.complete()
    this.#traffic.complete()
    this.#announced.complete()
    this.#attention.complete()
    this.delivery.complete()
  }
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
