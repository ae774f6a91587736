import type { PeerStats } from '../peer/stats.js'
import type { Traffic } from '../peer/traffic.js'
import type { Plain, PlainLimits } from '../wire/codec.js'
import { toHex } from '../wire/hex.js'
import { toPlain } from '../wire/messages.js'
import { type CliEvent, endpointText } from './events.js'

/** Lists up to 100 items are whole, longer ones and byte strings above 1000 bytes are summarised. */
const limits: PlainLimits = { maxItems: 100, maxBytes: 1_000 }

type Line = { [key: string]: Plain }

const services = (bits: bigint): string => `0x${bits.toString(16)}`

function counts(byCommand: PeerStats['sent']): Line {
  const line: Line = {}
  for (const [command, { messages, bytes }] of Object.entries(byCommand)) line[command] = { messages, bytes }
  return line
}

function statsLine({ address, localAddress, services: bits, ...stats }: PeerStats): Line {
  return {
    id: stats.id,
    direction: stats.direction,
    address: address ? endpointText(address) : null,
    localAddress: localAddress ? endpointText(localAddress) : null,
    transport: stats.transport,
    connectedAt: stats.connectedAt ?? null,
    bytesSent: stats.bytesSent,
    bytesReceived: stats.bytesReceived,
    messagesSent: stats.messagesSent,
    messagesReceived: stats.messagesReceived,
    lastSend: stats.lastSend ?? null,
    lastReceive: stats.lastReceive ?? null,
    services: bits === undefined ? null : services(bits),
    version: stats.version ?? null,
    protocolVersion: stats.protocolVersion,
    userAgent: stats.userAgent ?? null,
    startHeight: stats.startHeight ?? null,
    timeOffset: stats.timeOffset ?? null,
    witness: stats.witness,
    wantsAddrV2: stats.wantsAddrV2,
    wantsHeaders: stats.wantsHeaders,
    lastBlock: stats.lastBlock ?? null,
    lastAnnouncedBlock: stats.lastAnnouncedBlock ? toHex(stats.lastAnnouncedBlock) : null,
    lastPingNonce: stats.lastPingNonce.toString(),
    lastPingTime: stats.lastPingTime ?? null,
    lastPingMicros: stats.lastPingMicros ?? null,
    received: counts(stats.received),
    sent: counts(stats.sent),
  }
}

function content({ message, error }: Traffic): Line {
  if (error) {
    const { code, offset, message: text } = error
    return { error: { code, ...(offset !== undefined && { offset }), message: text } }
  }
  return { message: message ? toPlain(message, limits) : null }
}

function line(event: CliEvent): Line | undefined {
  switch (event.event) {
    case 'listening':
      return { event: 'listening', host: event.endpoint.host, port: event.endpoint.port }
    case 'ready': {
      const { id, direction, address, protocolVersion, version } = event.peer
      return {
        event: 'ready',
        peer: id,
        direction,
        address: address ? endpointText(address) : null,
        protocolVersion,
        userAgent: version.userAgent,
        services: services(version.services),
        startHeight: version.startHeight,
        transport: event.peer.stats().transport,
      }
    }
    case 'traffic': {
      const { direction, peer, command, bytes } = event.traffic
      return { event: direction, peer, command, bytes, ...content(event.traffic) }
    }
    case 'closed': {
      const { by, code, reason } = event.reason
      return { event: 'closed', peer: event.stats.id, by, code, reason, stats: statsLine(event.stats) }
    }
    case 'note':
      return undefined
  }
}

/**
 * An event as one line of JSON: a documented contract. In pure ASCII, since JSON itself lets the control characters
 * U+007F to U+009F through, which terminals obey.
 */
export function formatJson(event: CliEvent): string | undefined {
  const plain = line(event)
  return (
    plain &&
    JSON.stringify(plain).replace(
      /[\u007f-\uffff]/g,
      character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  )
}
