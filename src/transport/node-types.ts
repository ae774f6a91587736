/**
 * The part of Node's `Socket` (and of whatever stands in for one) that a connection is made of, spelled out so that
 * the types of `rxpeer/node` compile where those of Node are not loaded.
 */
export interface NodeSocket {
  allowHalfOpen: boolean
  readonly connecting: boolean
  readonly destroyed: boolean
  readonly readableEnded: boolean
  readonly writableEnded: boolean
  readonly errored: Error | null
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  off(event: 'end' | 'close', listener: () => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  pause(): unknown
  resume(): unknown
  cork(): void
  uncork(): void
  setNoDelay(noDelay?: boolean): unknown
  write(bytes: Uint8Array, written?: ((error?: Error | null) => void) | undefined): boolean
  end(): unknown
  destroy(): unknown
  resetAndDestroy(): unknown
}

/** An address as `dns.lookup` finds it. */
export interface LookupAddress {
  readonly address: string
  readonly family: number
}

/** The signature of `dns.lookup`. */
export type Lookup = (
  hostname: string,
  options: {
    readonly all?: boolean | undefined
    readonly family?: number | 'IPv4' | 'IPv6' | undefined
    readonly hints?: number | undefined
  },
  callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void
