/** Longest delay a Node timer can hold, milliseconds; a longer one would fire at once. */
const MAX_DELAY = 2 ** 31 - 1

/** @throws TypeError unless it is an integer from 0 to 65535 */
export function requirePort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TypeError(`port must be an integer from 0 to 65535, not ${port}`)
  }
}

/** @throws TypeError unless it is a name or an address */
export function requireHost(host: string): void {
  if (typeof host !== 'string' || host === '') {
    throw new TypeError('host must be a name or an IP address, not empty')
  }
}

/** @throws TypeError unless a timer can hold it */
export function requireDelay(name: string, milliseconds: number): void {
  if (!(milliseconds >= 0 && milliseconds <= MAX_DELAY)) {
    throw new TypeError(`${name} must be from 0 to ${MAX_DELAY} milliseconds, not ${milliseconds}`)
  }
}
