import { isIPv6 } from 'node:net'
import { parseHost } from '../wire/netaddress.js'
import { UsageError } from './usage.js'
import { readWhole } from './whole.js'

/** What to dial: without a port, the network's default one. */
export interface Target {
  /** IP address or name, without brackets. */
  readonly host: string
  readonly port: number | undefined
}

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i
const ENDS_IN_NUMBER = /(^|\.)(\d+|0x[\da-f]*)\.?$/i

function isHost(host: string): boolean {
  if (host.includes(':')) return isIPv6(host)
  // What ends in a number is meant as an IPv4 address, and the system reads it as one: 127.1 and 0x7f.1 are 127.0.0.1.
  return ENDS_IN_NUMBER.test(host) ? parseHost(host) !== undefined : NAME.test(host)
}

/** A host name or IP address; IPv6 with or without brackets. */
export function readHost(text: string): string {
  const host = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (!isHost(host) || (host !== text && !host.includes(':'))) {
    throw new UsageError(`"${text}" is not a host name or IP address`)
  }
  return host
}

/** A TCP port from `lowest` to 65535, in digits. */
export function readPort(text: string, lowest: 0 | 1): number {
  const port = readWhole(text, lowest, 65_535)
  if (port === undefined) {
    throw new UsageError(`"${text}" is not a port; ports are whole numbers from ${lowest} to 65535`)
  }
  return port
}

/** `host`, `host:port`, `[ipv6]`, `[ipv6]:port`, and IPv6 alone. */
export function readTarget(text: string): Target {
  if (isIPv6(text)) return { host: text, port: undefined }
  const [, bracketed, name, port] = /^(?:(\[[^\]]*\])|([^:[\]]*))(?::(.*))?$/.exec(text) ?? []
  const host = bracketed ?? name
  if (host === undefined) throw new UsageError(`"${text}" is not HOST[:PORT]; write IPv6 as [::1]:8333`)
  return { host: readHost(host), port: port === undefined ? undefined : readPort(port, 1) }
}
