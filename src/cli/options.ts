import { btcdPolicy, corePolicy, type Policy } from '../peer/policy.js'
import { type Network, networks } from '../wire/network.js'
import { Services } from '../wire/services.js'
import { PROTOCOL_VERSION, protocolVersions } from '../wire/versions.js'
import { readHost, readPort } from './target.js'
import { UsageError } from './usage.js'
import { readWhole } from './whole.js'

/** What options become. A new option is a line here, a row in the table below, and its name in the commands that take it. */
export interface OptionValues {
  network: Network
  host: string
  port: number
  /** Wire names. */
  command: ReadonlySet<string>
  count: number
  /** ms. */
  for: number
  fetch: boolean
  policy: Policy
  services: bigint
  'protocol-version': number
  'no-relay': boolean
  'user-agent-comment': string
  'regtest-leniency': boolean
  /** ms, as all that follow. */
  'handshake-timeout': number
  'idle-timeout': number
  'ping-interval': number
  'ping-timeout': number
  'stall-tick': number
  'trickle-interval': number
  json: boolean
  help: boolean
  version: boolean
}

/** The options that were given. */
export type Settings = { readonly [K in keyof OptionValues]?: OptionValues[K] }

export type OptionName = keyof OptionValues

/** An option as it is typed, and what it becomes. */
export interface Option<T> {
  /** What the help calls its value; an option without one is a flag. */
  readonly value?: string
  /** One letter that stands for it. */
  readonly short?: string
  readonly help: string
  /** @throws UsageError */
  read(text: string): T
}

/** THE table of options. */
export const options: { readonly [K in OptionName]: Option<OptionValues[K]> } = {
  network: {
    value: 'NAME',
    help: `${Object.keys(networks).join(', ')}; default mainnet`,
    read: text => readName(text, networks, 'network'),
  },
  host: { value: 'HOST', help: 'address to listen at; default 127.0.0.1', read: readHost },
  port: {
    value: 'PORT',
    help: "port to listen at, 0 for any free one; default the network's",
    read: text => readPort(text, 0),
  },
  command: { value: 'NAMES', help: 'print only these messages, e.g. inv,tx,block', read: readCommands },
  count: { value: 'N', help: 'end after N printed messages that were received', read: readCount },
  for: { value: 'SECONDS', help: 'end after this time', read: readDuration },
  fetch: {
    help: 'ask for the blocks and transactions that the remote announces; default off',
    read: () => true,
  },
  policy: {
    value: 'NAME',
    help: 'what follows from offences: btcd or core; default btcd',
    read: text => readName(text, policies, 'policy'),
  },
  services: {
    value: 'NAMES',
    help: `what to offer: ${Object.keys(Services).join(', ')}, or bits such as 0x409; default none`,
    read: readServices,
  },
  'protocol-version': {
    value: 'N',
    help: `highest protocol version to speak; default ${PROTOCOL_VERSION}`,
    read: readProtocolVersion,
  },
  'no-relay': { help: 'ask for no announcements of transactions', read: () => true },
  'user-agent-comment': {
    value: 'TEXT',
    help: 'say this in the user agent, in brackets (BIP14)',
    read: readComment,
  },
  'regtest-leniency': { help: 'on regtest, forgive this machine what cannot be read', read: () => true },
  'handshake-timeout': {
    value: 'SECONDS',
    help: 'give up on a handshake after this time; default 30, with --policy core 60',
    read: readDuration,
  },
  'idle-timeout': {
    value: 'SECONDS',
    help: 'end a peer that says nothing for so long; default 300, with --policy core 1200',
    read: readDuration,
  },
  'ping-interval': { value: 'SECONDS', help: 'send a ping this often; default 120', read: readDuration },
  'ping-timeout': {
    value: 'SECONDS',
    help: 'end a peer that owes a pong for so long; default never, with --policy core 1200',
    read: readDuration,
  },
  'stall-tick': {
    value: 'SECONDS',
    help: 'look for unanswered requests this often; default 15',
    read: readDuration,
  },
  'trickle-interval': {
    value: 'SECONDS',
    help: 'announce transactions this often; default 10',
    read: readDuration,
  },
  json: { help: 'print one JSON object a line and nothing else', read: () => true },
  help: { short: 'h', help: 'print this text', read: () => true },
  version: { short: 'v', help: 'print the version', read: () => true },
}

const policies: Readonly<Record<string, Policy>> = { btcd: btcdPolicy, core: corePolicy }

function readName<T>(text: string, known: Readonly<Record<string, T>>, what: string): T {
  const found = Object.hasOwn(known, text) ? known[text] : undefined
  if (found === undefined) {
    throw new UsageError(`"${text}" is not a ${what}; known are ${Object.keys(known).join(', ')}`)
  }
  return found
}

/** The services of a version message are a field of 64 bits. */
const MAX_SERVICES = 2n ** 64n - 1n

/** Names separated by commas, or the whole set as a number. */
function readServices(text: string): bigint {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) {
    const bits = BigInt(text)
    if (bits > MAX_SERVICES) throw new UsageError(`"${text}" has more than the 64 bits that services have`)
    return bits
  }
  return text
    .split(',')
    .map(name => readName(name.trim(), Services, 'service'))
    .reduce((set, bit) => set | bit, 0n)
}

/** The version message has a signed field of 32 bits for it. */
const MAX_PROTOCOL_VERSION = 2 ** 31 - 1

function readProtocolVersion(text: string): number {
  const lowest = protocolVersions.versionNonce
  const version = readWhole(text, lowest, MAX_PROTOCOL_VERSION)
  if (version === undefined) {
    throw new UsageError(
      `"${text}" is not a protocol version; they are whole numbers from ${lowest} to ${MAX_PROTOCOL_VERSION}`,
    )
  }
  return version
}

/** BIP14 reserves the signs that separate; a user agent has 256 bytes in all. */
function readComment(text: string): string {
  if (!/^[ -~]{1,100}$/.test(text) || /[/:()]/.test(text)) {
    throw new UsageError(`"${text}" is not a comment; they have 1 to 100 ASCII characters without / : ( )`)
  }
  return text
}

/** Any name that fits the wire: rxpeer need not know the message. */
function readCommands(text: string): ReadonlySet<string> {
  const names = text.split(',').map(name => name.trim())
  for (const name of names) {
    if (!/^[ -~]{1,12}$/.test(name)) {
      throw new UsageError(`"${name}" is not the name of a message; names have 1 to 12 ASCII characters`)
    }
  }
  return new Set(names)
}

function readCount(text: string): number {
  const count = readWhole(text, 1, Number.MAX_SAFE_INTEGER)
  if (count === undefined) {
    throw new UsageError(
      `"${text}" is not a count; counts are whole numbers from 1 to ${Number.MAX_SAFE_INTEGER}`,
    )
  }
  return count
}

/** Node's timers hold 31 bits of ms. */
const MAX_SECONDS = 2_147_483

function readDuration(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new UsageError(`"${text}" is not a time; times are seconds above 0 and up to ${MAX_SECONDS}`)
  }
  return seconds * 1000
}
