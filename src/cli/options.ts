import { type Network, networks } from '../wire/network.js'
import { readHost, readPort } from './target.js'
import { UsageError } from './usage.js'

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
  network: { value: 'NAME', help: `${Object.keys(networks).join(', ')}; default mainnet`, read: readNetwork },
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
  json: { help: 'print one JSON object a line and nothing else', read: () => true },
  help: { short: 'h', help: 'print this text', read: () => true },
  version: { short: 'v', help: 'print the version', read: () => true },
}

function readNetwork(text: string): Network {
  const network = Object.hasOwn(networks, text) ? networks[text] : undefined
  if (!network)
    throw new UsageError(`"${text}" is not a network; known are ${Object.keys(networks).join(', ')}`)
  return network
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
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= 1 && Number.isSafeInteger(count))) {
    throw new UsageError(`"${text}" is not a count; counts are whole numbers from 1 on`)
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
