/** What a node offers, as bits of a 64-bit set. All other bits are reserved and must be preserved. */
export const Services = {
  none: 0n,
  /** The whole chain. */
  network: 1n << 0n,
  /** getutxos (BIP64). */
  getUtxo: 1n << 1n,
  /** Bloom filters and mempool (BIP111). */
  bloom: 1n << 2n,
  /** Blocks and transactions with witness (BIP144). */
  witness: 1n << 3n,
  /** Compact filters (BIP157). */
  compactFilters: 1n << 6n,
  /** The last 288 blocks (BIP159). */
  networkLimited: 1n << 10n,
  /** The encrypted transport (BIP324). */
  p2pV2: 1n << 11n,
} as const

/** The names of the bits that are set; bits without a name as `bit24`. */
export function serviceNames(services: bigint): string[] {
  const found: string[] = []
  for (let bit = 0n; services >> bit > 0n; bit += 1n) {
    const flag = 1n << bit
    if ((services & flag) === 0n) continue
    const entry = Object.entries(Services).find(([, value]) => value === flag)
    found.push(entry?.[0] ?? `bit${bit}`)
  }
  return found
}

/** Whether every bit of `wanted` is set in `services`. */
export function hasServices(services: bigint, wanted: bigint): boolean {
  return (services & wanted) === wanted
}
