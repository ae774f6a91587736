import type { Observable, SchedulerLike } from 'rxjs'
import type { Announcement } from '../behaviors/announcement.js'
import type { BehaviorContext, KnownInventory, PeerDirection } from '../behaviors/behavior.js'
import type { Features } from '../behaviors/features.js'
import type { Clock, Random } from '../stream/environment.js'
import { byCommand } from '../stream/of-command.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import type { Negotiated } from './conversation-state.js'
import type { Parts } from './parts.js'

/** What the habits of a peer see of it: all of it is there only when it is looked at. */
class PeerContext implements BehaviorContext {
  readonly #parts: Parts
  readonly #negotiated: Negotiated

  constructor(parts: Parts, negotiated: Negotiated) {
    this.#parts = parts
    this.#negotiated = negotiated
  }

  get scheduler(): SchedulerLike {
    return this.#parts.environment.scheduler
  }

  get clock(): Clock {
    return this.#parts.environment.clock
  }

  get random(): Random {
    return this.#parts.environment.random
  }

  get direction(): PeerDirection {
    return this.#parts.direction
  }

  get protocolVersion(): number {
    return this.#negotiated.protocolVersion
  }

  get version(): VersionMessage {
    return this.#negotiated.version
  }

  get features(): Features {
    return this.#negotiated.features
  }

  get messages$(): Observable<Message> {
    return this.#parts.lanes.delivery.behaviors
  }

  get sent$(): Observable<Message> {
    return this.#parts.journal.sentSince.open()
  }

  get unawaited$(): Observable<Message> {
    return this.#parts.journal.unawaited.open()
  }

  get announced$(): Observable<Announcement> {
    return this.#parts.journal.announced.open()
  }

  get known(): KnownInventory {
    return this.#parts.known
  }

  get resumed$(): Observable<void> {
    return this.#parts.attention.resumed$
  }

  on<C extends Command>(command: C): Observable<MessageOf<C>> {
    return this.#parts.lanes.delivery.behaviors[byCommand](command)
  }

  attention(): number {
    return this.#parts.attention.now()
  }

  lastHandled(): number {
    return this.#parts.attention.lastHandled()
  }

  handling(): number {
    return this.#parts.attention.handling()
  }

  paused(): boolean {
    return this.#parts.attention.paused
  }
}

/** What the habits of a peer see of it. */
export function contextOf(parts: Parts, negotiated: Negotiated): BehaviorContext {
  return new PeerContext(parts, negotiated)
}

/** The same as a plain object, for behaviors of users: it can be taken apart and spread. */
export function plainContext(context: BehaviorContext): BehaviorContext {
  return {
    scheduler: context.scheduler,
    clock: context.clock,
    random: context.random,
    direction: context.direction,
    protocolVersion: context.protocolVersion,
    version: context.version,
    features: context.features,
    on: command => context.on(command),
    messages$: context.messages$,
    sent$: context.sent$,
    unawaited$: context.unawaited$,
    announced$: context.announced$,
    known: context.known,
    attention: () => context.attention(),
    lastHandled: () => context.lastHandled(),
    handling: () => context.handling(),
    resumed$: context.resumed$,
    paused: () => context.paused(),
  }
}
