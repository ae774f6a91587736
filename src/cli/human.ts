import type { Traffic } from '../peer/traffic.js'
import { claimedHeight } from '../wire/claimed-height.js'
import { formatMessage } from '../wire/format.js'
import { toHex } from '../wire/hex.js'
import type { Message } from '../wire/messages.js'
import { serviceNames } from '../wire/services.js'
import { displayUserAgent } from '../wire/useragent.js'
import { type CliEvent, endpointText, type Format } from './events.js'
import { printable } from './printable.js'

/** How lines for people look. */
export interface HumanOptions {
  readonly color: boolean
  /** Name the peer in each line, and tell how each ended; a lone peer's failure is told by the command itself. */
  readonly manyPeers: boolean
  now(): Date
}

const colors = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, cyan: 36 } as const

type Color = keyof typeof colors

/** Messages that deserve another look than the rest. */
const messageColors: Readonly<Record<string, Color>> = {
  block: 'yellow',
  cmpctblock: 'yellow',
  headers: 'yellow',
  tx: 'green',
  reject: 'red',
}

/** One line, in columns. */
interface Line {
  readonly peer?: number
  readonly sign: '←' | '→' | '·'
  readonly name: string
  readonly bytes?: number
  readonly text: string
  readonly color: Color
}

const clock = (date: Date): string =>
  [date.getHours(), date.getMinutes(), date.getSeconds()].map(n => String(n).padStart(2, '0')).join(':') +
  `.${String(date.getMilliseconds()).padStart(3, '0')}`

/** The hash that a person may want to look up whole: that of the block or transaction, if there is but one. */
function subject(message: Message): Uint8Array | undefined {
  switch (message.command) {
    case 'block':
      return message.block.hash
    case 'tx':
      return message.transaction.txid
    case 'headers':
      return message.headers.length === 1 ? message.headers.at(0)?.hash : undefined
    case 'inv':
    case 'getdata':
    case 'notfound':
      return message.inventory.length === 1 ? message.inventory.at(0)?.hash : undefined
    default:
      return undefined
  }
}

/** What `formatMessage` says behind the command, with the one hash that matters spelled out. */
function describe(message: Message): string {
  if (message.command === 'unknown') return `${message.payload.length} bytes that rxpeer cannot read`
  let text = formatMessage(message).slice(message.command.length).trimStart()
  const hash = subject(message)
  if (hash !== undefined) {
    const hex = toHex(hash)
    // One of one needs no count.
    text = text.replace(/^1: (1 )?/, '').replace(`${hex.slice(0, 8)}…${hex.slice(-8)}`, hex)
  }
  const height = message.command === 'block' ? claimedHeight(message.block) : undefined
  return height === undefined ? text : `height ${height} ${text}`
}

function trafficLine({ peer, direction, command, bytes, message, error }: Traffic): Line {
  return {
    peer,
    sign: direction === 'received' ? '←' : '→',
    name: command,
    bytes,
    text: message ? describe(message) : `cannot be read: ${error?.message} (${error?.code})`,
    color: error ? 'red' : direction === 'sent' ? 'dim' : (messageColors[command] ?? 'cyan'),
  }
}

const kilobytes = (bytes: number): string =>
  bytes < 10_000 ? `${bytes} B` : `${Math.round(bytes / 1000)} kB`

function lineOf(event: CliEvent): Line {
  switch (event.event) {
    case 'listening':
      return { sign: '·', name: 'listening', text: `at ${endpointText(event.endpoint)}`, color: 'bold' }
    case 'ready': {
      const { id: peer, direction, address, protocolVersion, version } = event.peer
      const where = address ? endpointText(address) : 'an unknown address'
      const text = [
        `${direction === 'outbound' ? 'connected to' : 'accepted'} ${where}`,
        displayUserAgent(version.userAgent),
        `protocol ${protocolVersion}`,
        `height ${version.startHeight}`,
        `services ${serviceNames(version.services).join('|') || 'none'}`,
      ].join('  ')
      return { peer, sign: '·', name: 'ready', text, color: 'bold' }
    }
    case 'traffic':
      return trafficLine(event.traffic)
    case 'closed': {
      const { reason, stats } = event
      const why = reason.code === 'disconnected' ? reason.reason : `${reason.reason} (${reason.code})`
      const where = stats.address ? `${endpointText(stats.address)} ` : ''
      const figures =
        `received ${stats.messagesReceived} messages, ${kilobytes(stats.bytesReceived)}; ` +
        `sent ${stats.messagesSent}, ${kilobytes(stats.bytesSent)}`
      return {
        peer: stats.id,
        sign: '·',
        name: 'closed',
        text: `${where}by ${reason.by === 'local' ? 'us' : 'the remote'}: ${why}; ${figures}`,
        color: reason.code === 'disconnected' ? 'bold' : 'red',
      }
    }
    case 'note':
      return { sign: '·', name: '', text: event.text, color: 'bold' }
  }
}

/** Lines for people: aligned, and harmless on a terminal whatever a remote sends. */
export function formatHuman({ color, manyPeers, now }: HumanOptions): Format {
  const paint = (name: Color, text: string) => (color ? `\x1b[${colors[name]}m${text}\x1b[0m` : text)
  return event => {
    if (event.event === 'closed' && event.reason.code !== 'disconnected' && !manyPeers) return undefined
    const line = lineOf(event)
    const time = paint('dim', clock(now()))
    if (line.name === '') return `${time} ${line.sign} ${paint(line.color, printable(line.text))}`
    const peer = !manyPeers ? '' : `${line.peer === undefined ? '' : `#${line.peer}`}`.padEnd(5)
    const name = printable(line.name).padEnd(12)
    const bytes = (line.bytes === undefined ? '' : `${line.bytes} B`).padStart(9)
    const text = printable(line.text)
    return `${time} ${peer}${line.sign} ${paint(line.color, name)} ${paint('dim', bytes)}  ${text}`.trimEnd()
  }
}
