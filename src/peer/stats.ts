import type { PeerDirection } from '../behaviors/behavior.js'
import type { Endpoint } from '../stream/connection.js'
import { type Held, Ledger } from '../stream/ledger.js'
import type { LinkTransport } from '../stream/link.js'
import type { Hash } from '../wire/hash.js'
import { toHex } from '../wire/hex.js'
import type { Command } from '../wire/messages.js'

/** What was counted of one command. */
export interface Count {
  /** Whole messages. */
  readonly messages: number
  /** Bytes on the wire. */
  readonly bytes: number
}

/** A snapshot of a peer's figures. What the handshake tells is `undefined` until it was told. */
export interface PeerStats {
  /** Counts the peers of the process. */
  readonly id: number
  /** Which side opened the connection. */
  readonly direction: PeerDirection
  /** The remote end, where the transport knows it. */
  readonly address: Endpoint | undefined
  /** Our end, where the transport knows it. */
  readonly localAddress: Endpoint | undefined
  /** How messages are packed: plain frames or encrypted packets (BIP324). */
  readonly transport: LinkTransport
  /** When the connection was there, ms since 1970; `undefined` where it never was. */
  readonly connectedAt: number | undefined
  /** Bytes on the wire. */
  readonly bytesSent: number
  /** Bytes of whole messages on the wire, those that could not be read too. */
  readonly bytesReceived: number
  /** Messages that were really written. */
  readonly messagesSent: number
  /** Messages that came in and could be read, those that nobody knows too. */
  readonly messagesReceived: number
  /** When the last message was written, ms since 1970. */
  readonly lastSend: number | undefined
  /** When the last message came in, ms since 1970. */
  readonly lastReceive: number | undefined
  /** What the remote offers, see `Services`. */
  readonly services: bigint | undefined
  /** Protocol version that the remote announced. */
  readonly version: number | undefined
  /** Protocol version that both sides speak. */
  readonly protocolVersion: number
  /** What the remote calls itself (BIP14): any text, so print it with `displayUserAgent`. */
  readonly userAgent: string | undefined
  /** Height of the remote's best block when it connected. */
  readonly startHeight: number | undefined
  /** The remote's clock minus ours, seconds. */
  readonly timeOffset: number | undefined
  /** Whether the remote serves witnesses (BIP144). */
  readonly witness: boolean
  /** Whether the remote understands addrv2 (BIP155). */
  readonly wantsAddrV2: boolean
  /** Whether the remote wants blocks announced by headers (BIP130). */
  readonly wantsHeaders: boolean
  /** Height of the best block that the remote is known to have; starts as `startHeight` and only rises. */
  readonly lastBlock: number | undefined
  /** The block that the remote announced last, by inv or as `updateLastAnnouncedBlock` was told; wire order. */
  readonly lastAnnouncedBlock: Hash | undefined
  /** Nonce of the ping that is not answered yet, 0 where there is none. */
  readonly lastPingNonce: bigint
  /** When the last ping was written, ms since 1970. */
  readonly lastPingTime: number | undefined
  /** Round trip of the last ping that was answered, µs. */
  readonly lastPingMicros: number | undefined
  /** Bytes that the remote makes us hold now, by what they are held for; see `accounts`. */
  readonly memory: Held
  /** Read messages by command; those that nobody knows as `unknown`. */
  readonly received: Readonly<Partial<Record<Command, Count>>>
  /** Written messages by command. */
  readonly sent: Readonly<Partial<Record<Command, Count>>>
}

/** What is counted while a peer lives. */
export interface Tally {
  bytesSent: number
  bytesReceived: number
  messagesSent: number
  messagesReceived: number
  lastSend: number | undefined
  lastReceive: number | undefined
}

/** Nothing counted yet. */
export function createTally(): Tally {
  return {
    bytesSent: 0,
    bytesReceived: 0,
    messagesSent: 0,
    messagesReceived: 0,
    lastSend: undefined,
    lastReceive: undefined,
  }
}

/** The figures of a peer that had no connection, or of which nothing is known yet. */
export function emptyStats({
  id,
  direction,
  protocolVersion,
}: Pick<PeerStats, 'id' | 'direction' | 'protocolVersion'>): PeerStats {
  return {
    id,
    direction,
    address: undefined,
    localAddress: undefined,
    transport: 'v1',
    connectedAt: undefined,
    ...createTally(),
    services: undefined,
    version: undefined,
    protocolVersion,
    userAgent: undefined,
    startHeight: undefined,
    timeOffset: undefined,
    witness: false,
    wantsAddrV2: false,
    wantsHeaders: false,
    lastBlock: undefined,
    lastAnnouncedBlock: undefined,
    lastPingNonce: 0n,
    lastPingTime: undefined,
    lastPingMicros: undefined,
    memory: new Ledger().snapshot(),
    received: {},
    sent: {},
  }
}

/** The figures as JSON can hold them: 64-bit values as decimal strings, the hash in display order. */
export function plainStats({ services, lastPingNonce, lastAnnouncedBlock, ...stats }: PeerStats): {
  readonly [key: string]: unknown
} {
  return {
    ...stats,
    services: services === undefined ? undefined : `0x${services.toString(16)}`,
    lastPingNonce: lastPingNonce.toString(),
    lastAnnouncedBlock: lastAnnouncedBlock && toHex(lastAnnouncedBlock),
  }
}
