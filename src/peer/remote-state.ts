import type { Clock } from '../stream/environment.js'
import type { Hash } from '../wire/hash.js'
import { InventoryType, lastOfTypes } from '../wire/inventory.js'
import type { Command, Message } from '../wire/messages.js'
import { protocolVersions } from '../wire/versions.js'
import type { Count, PeerStats } from './stats.js'

/** Counts by command; what nobody knows counts as `unknown`, since remotes choose those names. */
type Counts = Partial<Record<Command, { messages: number; bytes: number }>>

function count(counts: Counts, { command }: Message, bytes: number): void {
  const of = counts[command]
  if (of === undefined) counts[command] = { messages: 1, bytes }
  else {
    of.messages += 1
    of.bytes += bytes
  }
}

/** The counts of this moment. */
function copy(counts: Counts): Partial<Record<Command, Count>> {
  return Object.fromEntries(Object.entries(counts).map(([command, of]) => [command, { ...of }]))
}

const blocks: ReadonlySet<number> = new Set([InventoryType.block])

type Told = Pick<
  PeerStats,
  | 'lastBlock'
  | 'lastAnnouncedBlock'
  | 'wantsHeaders'
  | 'lastPingNonce'
  | 'lastPingTime'
  | 'lastPingMicros'
  | 'received'
  | 'sent'
>

/** What the conversation has told of the remote after its version message. */
export class RemoteState {
  readonly #clock: Clock
  readonly #received: Counts = {}
  readonly #sent: Counts = {}
  #lastBlock: number | undefined
  #lastAnnouncedBlock: Hash | undefined
  #wantsHeaders = false
  #pingNonce = 0n
  /** `monotonic()` when the outstanding ping was written. */
  #pingSince = 0
  #lastPingTime: number | undefined
  #lastPingMicros: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A message came in, whatever becomes of it. */
  received(message: Message, bytes: number): void {
    count(this.#received, message, bytes)
  }

  /** A message was accepted: what it says holds. */
  heard(message: Message): void {
    if (message.command === 'version') this.updateLastBlock(message.startHeight)
    else if (message.command === 'sendheaders') this.#wantsHeaders = true
    else if (message.command === 'pong') this.#pong(message.nonce)
    else if (message.command === 'inv') {
      const last = lastOfTypes(message.inventory, blocks)
      if (last !== undefined) this.updateLastAnnouncedBlock(last.hash)
    }
  }

  /** A message was written. */
  sent(message: Message, bytes: number, protocolVersion: number): void {
    count(this.#sent, message, bytes)
    if (message.command === 'ping' && protocolVersion > protocolVersions.bip31) {
      this.#pingNonce = message.nonce
      this.#pingSince = this.#clock.monotonic()
      this.#lastPingTime = this.#clock.epoch()
    }
  }

  /** Only the last ping counts, and a nonce of 0 matches nothing. */
  #pong(nonce: bigint): void {
    if (nonce !== this.#pingNonce || nonce === 0n) return
    this.#lastPingMicros = Math.round((this.#clock.monotonic() - this.#pingSince) * 1000)
    this.#pingNonce = 0n
  }

  /** Only rises. */
  updateLastBlock(height: number): void {
    this.#lastBlock = Math.max(height, this.#lastBlock ?? height)
  }

  /** Copies: the hash lies in a received payload. */
  updateLastAnnouncedBlock(hash: Hash): void {
    this.#lastAnnouncedBlock = hash.slice()
  }

  snapshot(): Told {
    return {
      lastBlock: this.#lastBlock,
      lastAnnouncedBlock: this.#lastAnnouncedBlock,
      wantsHeaders: this.#wantsHeaders,
      lastPingNonce: this.#pingNonce,
      lastPingTime: this.#lastPingTime,
      lastPingMicros: this.#lastPingMicros,
      received: copy(this.#received),
      sent: copy(this.#sent),
    }
  }
}
