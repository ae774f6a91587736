import { type Observable, Subject } from 'rxjs'
import type { PeerDirection } from '../behaviors/behavior.js'
import type { CloseReason, PeerError } from '../peer/close.js'
import type { Peer } from '../peer/peer.js'
import { createTally, emptyStats, type PeerStats, type Tally } from '../peer/stats.js'
import type { Traffic } from '../peer/traffic.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { PROTOCOL_VERSION } from '../wire/versions.js'
import type { CliEvent } from './events.js'
import type { Settings } from './options.js'

/** A peer whose handshake has not ended: all that is known of it is its traffic. */
interface Handshaking extends Tally {
  version?: VersionMessage
}

/** Tells of each peer's life, from its first byte to its end, and the end exactly once. */
export class Roster {
  readonly #tell: (event: CliEvent) => void
  readonly #settings: Settings
  readonly #direction: PeerDirection
  readonly #handshaking = new Map<number, Handshaking>()
  readonly #ready = new Map<number, Peer>()
  readonly #enough$ = new Subject<void>()
  /** The last peer whose end was told by `closed$`; its error follows at once. */
  #told: number | undefined
  #printed = 0
  #ended = false

  constructor(settings: Settings, direction: PeerDirection, tell: (event: CliEvent) => void) {
    this.#settings = settings
    this.#direction = direction
    this.#tell = tell
  }

  /** Emits when as many received messages were printed as `--count` asks for. */
  get enough$(): Observable<void> {
    return this.#enough$
  }

  /** For `PeerOptions.traffic`. */
  readonly traffic = { next: (traffic: Traffic): void => this.#see(traffic) }

  /** A handshake has ended well. */
  ready(peer: Peer): void {
    this.#handshaking.delete(peer.id)
    this.#ready.set(peer.id, peer)
    this.#tell({ event: 'ready', peer })
    peer.closed$.subscribe(reason => {
      this.#ready.delete(peer.id)
      this.#told = peer.id
      this.#tell({ event: 'closed', reason, stats: peer.stats() })
    })
  }

  /** A peer has ended by an error, or could not be reached at all; what `closed$` has told is not told again. */
  failed(error: PeerError): void {
    this.#handshaking.delete(error.stats.id)
    if (error.stats.id !== this.#told) this.#tell({ event: 'closed', reason: error, stats: error.stats })
  }

  /** Ends all peers, those in the handshake too. */
  end(why: string): void {
    this.#ended = true
    for (const peer of [...this.#ready.values()]) peer.disconnect(why)
    const reason: CloseReason = { code: 'disconnected', by: 'local', reason: why }
    for (const [id, peer] of this.#handshaking) {
      this.#tell({ event: 'closed', reason, stats: this.#stats(id, peer) })
    }
    this.#handshaking.clear()
  }

  #see(traffic: Traffic): void {
    if (this.#ended) return
    if (!this.#ready.has(traffic.peer)) this.#count(traffic)
    const { command: wanted, count } = this.#settings
    if (wanted && !wanted.has(traffic.command)) return
    this.#tell({ event: 'traffic', traffic })
    if (traffic.direction === 'sent') return
    this.#printed += 1
    if (this.#printed === count) this.#enough$.next()
  }

  #count({ peer: id, direction, bytes, message }: Traffic): void {
    const peer: Handshaking = this.#handshaking.get(id) ?? createTally()
    this.#handshaking.set(id, peer)
    if (direction === 'sent') {
      peer.messagesSent += 1
      peer.bytesSent += bytes
      peer.lastSend = Date.now()
      return
    }
    peer.bytesReceived += bytes
    if (message === undefined) return
    peer.messagesReceived += 1
    peer.lastReceive = Date.now()
    if (message.command === 'version') peer.version = message
  }

  #stats(id: number, { version, ...tally }: Handshaking): PeerStats {
    const protocolVersion = Math.min(PROTOCOL_VERSION, version?.protocolVersion ?? PROTOCOL_VERSION)
    return {
      ...emptyStats({ id, direction: this.#direction, protocolVersion }),
      ...tally,
      services: version?.services,
      version: version?.protocolVersion,
      userAgent: version?.userAgent,
      startHeight: version?.startHeight,
    }
  }
}
