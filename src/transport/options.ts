import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/**
 * What is in no name and no address: look-ups end at a NUL, and pass over what Unicode calls ignorable, so that text
 * which is not 127.0.0.1 to whoever compares it would lead there.
 */
const NOT_OF_HOSTS = /[\p{Cc}\s\p{Default_Ignorable_Code_Point}]/u

/** Longest delay a Node timer can hold, milliseconds; a longer one would fire at once. */
const MAX_DELAY = 2 ** 31 - 1

/** @throws TypeError unless it is an integer from 0 to 65535 */
export function requirePort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TypeError(`port must be an integer from 0 to 65535, not ${port}`)
  }
}

/**
 * @throws TypeError unless it is a name or an IP address: empty, with blanks, control or invisible characters in it, or
 * an address that does not look like one (`127.1`, `0x7f000001`, digits of other scripts)
 */
export function requireHost(host: string): void {
  // The text is not repeated: it may come from anywhere, and go to a terminal.
  if (typeof host !== 'string' || host === '' || NOT_OF_HOSTS.test(host)) {
    throw new TypeError(
      'host must be a name or an IP address, without blanks, control and invisible characters, and not empty',
    )
  }
  if (isIP(host) !== 0) return
  const meant = domainToASCII(host)
  if (isIP(meant) !== 0) throw new TypeError(`host is ${meant} in another form: write it as that`)
}

/** @throws TypeError unless it is an IP address */
export function requireAddress(name: string, address: string): void {
  if (isIP(address) === 0) throw new TypeError(`${name} must be an IP address`)
}

/** @throws TypeError unless it is a whole number from 1 on, or Infinity */
export function requireCap(name: string, cap: number): void {
  if (cap !== Number.POSITIVE_INFINITY && !(Number.isInteger(cap) && cap >= 1)) {
    throw new TypeError(`${name} must be a whole number from 1 on, or Infinity, not ${cap}`)
  }
}

/** @throws TypeError unless a timer can hold it */
export function requireDelay(name: string, milliseconds: number): void {
  if (!(milliseconds >= 0 && milliseconds <= MAX_DELAY)) {
    throw new TypeError(`${name} must be from 0 to ${MAX_DELAY} milliseconds, not ${milliseconds}`)
  }
}
