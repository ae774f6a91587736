import { firstValueFrom, type Observable, type Observer } from 'rxjs'
import { type Announcement, namesOf } from '../behaviors/announcement.js'
import type { PeerDirection } from '../behaviors/behavior.js'
import type { Features } from '../behaviors/features.js'
import type { Endpoint } from '../stream/connection.js'
import { byCommand } from '../stream/of-command.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import { untilAborted } from './aborting.js'
import type { Channel } from './channel.js'
import type { CloseReason } from './close.js'
import type { Negotiated } from './conversation-state.js'
import type { Peer } from './peer.js'
import type { SendOptions } from './posting.js'
import type { Shell } from './shell.js'
import { ShellChannel } from './shell-channel.js'
import type { PeerStats } from './stats.js'
import type { Traffic } from './traffic.js'

/** `send` as an observer. */
class Outbound implements Observer<Message> {
  readonly #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
  }

  // Properties and not methods: `tap(peer.outbound.next)` takes them without their object.
  readonly next = (message: Message): void => {
    this.#shell.send(message)
  }

  // RxJS reports what an observer throws as unhandled, outside of our stack: the owner hears of it, we live on.
  readonly error = (error: unknown): void => {
    throw error
  }

  readonly complete = (): void => {}
}

/** The face of a shell after its handshake. What few use is made when it is asked for: most peers are idle. */
class ShellPeer implements Peer {
  readonly version: VersionMessage
  readonly protocolVersion: number
  readonly features: Features
  readonly #shell: Shell
  #outbound: Outbound | undefined
  #channel: Channel | undefined

  constructor(shell: Shell, { version, protocolVersion, features }: Negotiated) {
    this.#shell = shell
    this.version = version
    this.protocolVersion = protocolVersion
    this.features = features
  }

  /** What `channelOf` reaches, and nobody else can. */
  static channelOf(peer: Peer): Channel {
    if (!(#shell in peer)) throw new TypeError('a peer is wanted that connect, accept or open has made')
    peer.#channel ??= new ShellChannel(peer.#shell)
    return peer.#channel
  }

  get id(): number {
    return this.#shell.parts.id
  }

  get direction(): PeerDirection {
    return this.#shell.parts.direction
  }

  get address(): Endpoint | undefined {
    return this.#shell.parts.connection.remote
  }

  get messages$(): Observable<Message> {
    return this.#shell.parts.lanes.delivery.messages$
  }

  get sent$(): Observable<Message> {
    return this.#shell.parts.journal.sent.stream$
  }

  get traffic$(): Observable<Traffic> {
    return this.#shell.parts.journal.traffic.stream$
  }

  get closed$(): Observable<CloseReason> {
    return this.#shell.closed$
  }

  get outbound(): Observer<Message> {
    this.#outbound ??= new Outbound(this.#shell)
    return this.#outbound
  }

  on<C extends Command>(command: C): Observable<MessageOf<C>> {
    return this.#shell.parts.lanes.delivery.messages$[byCommand](command)
  }

  waitForClose({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<CloseReason> {
    return firstValueFrom(untilAborted(this.closed$, signal))
  }

  send(message: Message, options?: SendOptions): Observable<boolean> {
    return this.#shell.send(message, options)
  }

  announce(announcement: Announcement): void {
    this.#shell.parts.journal.announced.next(announcement)
  }

  markKnown(announcement: Announcement): void {
    for (const name of namesOf(announcement)) this.#shell.parts.known.add(name)
  }

  hold(bytes?: number): () => void {
    return this.#shell.parts.lanes.hold(bytes)
  }

  stats(): PeerStats {
    return this.#shell.stats()
  }

  disconnect(reason = 'disconnected'): void {
    this.#shell.end('disconnected', reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect('disposed')
    await this.waitForClose()
  }
}

/** The face of a shell after its handshake. */
export function peerOf(shell: Shell, negotiated: Negotiated): Peer {
  return new ShellPeer(shell, negotiated)
}

/**
 * The channel of a peer.
 * @throws TypeError for a peer that was not made here
 */
export function channelOf(peer: Peer): Channel {
  return ShellPeer.channelOf(peer)
}
