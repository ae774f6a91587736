import type { PeerDirection } from '../behaviors/behavior.js'
import type { Endpoint } from '../stream/connection.js'
import type { LinkTransport } from '../stream/link.js'

/** A snapshot of a peer's figures. What the handshake tells is `undefined` until it was told. */
export interface PeerStats {
  /** Counts the peers of the process. */
  readonly id: number
  readonly direction: PeerDirection
  /** The remote end, where the transport knows it. */
  readonly address: Endpoint | undefined
  readonly localAddress: Endpoint | undefined
  readonly transport: LinkTransport
  /** When the connection was there, ms since 1970; `undefined` where it never was. */
  readonly connectedAt: number | undefined
  /** Bytes on the wire. */
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly messagesSent: number
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
  readonly userAgent: string | undefined
  /** Height of the remote's best block when it connected. */
  readonly startHeight: number | undefined
  /** The remote's clock minus ours, seconds. */
  readonly timeOffset: number | undefined
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
