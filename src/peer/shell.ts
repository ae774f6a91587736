import type { Observable, Subscription } from 'rxjs'
import type { PeerDirection } from '../behaviors/behavior.js'
import type { Connection } from '../stream/connection.js'
import type { Inbound } from '../stream/link.js'
import { WireError } from '../wire/error.js'
import type { Message } from '../wire/messages.js'
import { attempt } from './attempt.js'
import { type CloseReason, closing, type PeerError } from './close.js'
import { contextOf } from './context.js'
import type { Effect, Event, Negotiated, State, Step, TimerName } from './conversation-state.js'
import { Conversing, type ConversingHost } from './conversing.js'
import { Ending, type EndingHost } from './ending.js'
import { Guard, type GuardHost } from './guard.js'
import { Habits, type HabitsHost } from './habits.js'
import { Opening } from './opening.js'
import type { ResolvedOptions } from './options.js'
import { makeParts, type Parts } from './parts.js'
import type { SendOptions } from './posting.js'
import { Reports, type ReportsHost } from './reports.js'
import { rulesOf } from './rules.js'
import { statsOf } from './snapshot.js'

/** ms that a reject message may take to be written before the connection is closed without it. */
const REJECT_LINGER = 1_000

/** What a shell tells of its life: that the handshake is done, then the end. */
export interface ShellEvents {
  ready(shell: Shell, negotiated: Negotiated): void
  /** Our own `disconnect()`. */
  complete(): void
  error(error: PeerError): void
}

/** One connection from its first byte to its end: gives the conversation its events, and does what it decides. */
export class Shell implements ReportsHost, ConversingHost, EndingHost, GuardHost, HabitsHost {
  readonly parts: Parts
  readonly #events: ShellEvents
  readonly #conversation: Conversing
  readonly #opening: Opening
  readonly #ending: Ending
  /** Of the handshake, later of a reject message. */
  #timer: Subscription | undefined
  #habits: Habits | undefined
  #started = false

  /** @throws whatever the clock and the connection throw: there is nothing yet that could end */
  constructor(
    connection: Connection,
    direction: PeerDirection,
    options: ResolvedOptions,
    events: ShellEvents,
  ) {
    this.#events = events
    this.#conversation = new Conversing(rulesOf(connection, direction, options), this)
    this.parts = makeParts(connection, direction, options, new Guard(options, this), new Reports(this))
    this.#opening = new Opening(this.parts)
    this.#ending = new Ending(this.parts, this)
  }

  /** Whether it has not ended, and nobody has decided that it will. */
  get live(): boolean {
    return this.#conversation.live
  }

  start(): void {
    const { link, intake } = this.parts
    this.#started = true
    this.#conversation.happen({ kind: 'started' })
    this.#guard('the link', () => link.start())
    if (this.live) this.#guard('the connection', () => intake.start())
  }

  /** See `Peer.send`. */
  send(message: Message, { witness, awaited }: SendOptions = {}): ReturnType<Parts['outbox']['send']> {
    const { phase, reading } = this.#conversation.state
    const opening = phase !== 'ready'
    const { protocolVersion } = reading
    return this.parts.outbox.send(message, { account: 'send', protocolVersion, witness, awaited, opening })
  }

  /**
   * Sends what its sender awaits the answer of, and wants to hear nothing of.
   * @throws WireError
   */
  post(message: Message): void {
    const { protocolVersion } = this.#conversation.state.reading
    this.parts.outbox.post(message, { account: 'send', protocolVersion, awaited: true })
  }

  /** Ends the peer; whoever wants that does not wait for what handlers hold. */
  end(code: CloseReason['code'], reason: string, cause?: unknown): void {
    this.#conversation.happen({ kind: 'ended', reason: closing(code, 'local', reason, cause) })
    if (!this.parts.intake.running && !this.#conversation.stepping) this.#ending.now()
  }

  /** Gives the conversation an event, in its turn. */
  happen(event: Event): Step {
    return this.#conversation.happen(event)
  }

  get state(): State {
    return this.#conversation.state
  }

  /** Nothing has to be waited for any more, perhaps. */
  settle(): void {
    this.#ending.settle()
  }

  /** A behavior failed. */
  misspoke(by: string, cause: unknown): void {
    this.#habits?.fail(by, cause)
  }

  /** See `Peer.closed$`. */
  get closed$(): Observable<CloseReason> {
    return this.#ending.closed$
  }

  /** See `Peer.stats`. */
  stats(): ReturnType<typeof statsOf> {
    return statsOf(this.parts, this.#conversation.state)
  }

  /** Runs what a user gave us; what it throws ends this peer and nobody else. */
  #guard(where: string, work: () => void): void {
    try {
      work()
    } catch (cause) {
      this.threw(where, cause)
    }
  }

  /** A callback threw: this peer ends, and nobody else. */
  threw(where: string, cause: unknown): void {
    if (!this.#started) throw cause
    this.#conversation.happen({ kind: 'threw', where, cause })
  }

  /** A message came in, whatever is decided about it. */
  read(inbound: Inbound, read: Message | WireError): void {
    this.parts.journal.read(inbound, read)
  }

  complete(): void {
    this.#events.complete()
  }

  error(error: PeerError): void {
    this.#events.error(error)
  }

  /** Does what the conversation has decided. */
  run(effect: Effect): void {
    switch (effect.kind) {
      case 'greet':
        this.#opening.greet(this.#conversation.state.reading)
        break
      case 'judge':
        this.#conversation.happen({ kind: 'judged', judgement: this.#opening.judge(effect.version) })
        break
      case 'send':
        this.#opening.send(effect.message, this.#conversation.state.reading)
        break
      case 'arm':
        this.#arm(effect.timer)
        break
      case 'disarm':
        this.#disarm()
        break
      case 'ready':
        this.#ready(effect.negotiated)
        break
      case 'reject':
        this.#reject({ command: 'reject', ...effect.rejection })
        break
      case 'close':
        this.#close(effect.reason)
        break
    }
  }

  #arm(name: TimerName): void {
    const { options, environment } = this.parts
    const ms = name === 'handshake' ? options.handshakeTimeout : REJECT_LINGER
    this.#disarm()
    this.#timer = environment.scheduler.schedule(() => this.#expired(name), ms)
  }

  #expired(timer: TimerName): void {
    this.#conversation.happen({ kind: 'expired', timer })
  }

  #disarm(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
  }

  #ready(negotiated: Negotiated): void {
    const { options, attention } = this.parts
    this.#opening.forget()
    attention.start()
    const { protocolVersion } = negotiated
    const habits = new Habits(this, protocolVersion)
    this.#habits = habits
    // Behaviors see the initial messages, which a transport may take at the call, but say nothing before them.
    habits.start(options.behaviors, contextOf(this.parts, negotiated))
    this.#guard('options.initial', () => this.#sayFirst(options.initial))
    if (!this.live) return
    habits.speak()
    if (this.live) this.#events.ready(this, negotiated)
  }

  #sayFirst(messages: readonly Message[]): void {
    try {
      for (const message of messages) this.send(message)
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause
      this.end(cause.code, `options.initial: ${cause.message}`, cause)
    }
  }

  #reject(message: Message): void {
    this.#habits?.stop()
    const rejected = () => this.#conversation.happen({ kind: 'rejected' })
    try {
      this.send(message).subscribe(rejected)
    } catch {
      // A user's refusal can have words that do not fit the message: then it goes without.
      rejected()
    }
  }

  #close(reason: CloseReason): void {
    attempt(() => this.#disarm())
    this.#habits?.stop()
    attempt(() => this.#opening.forget())
    this.#ending.begin(reason)
  }
}
