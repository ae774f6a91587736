/** Which cap leaves no place. */
export type Full = 'max-connections' | 'max-per-address'

/** The places that a listener has, all together and for each remote address. */
export class Places {
  readonly #most: number
  readonly #mostPerAddress: number
  readonly #taken = new Map<string, number>()
  #total = 0

  constructor(most: number, mostPerAddress: number) {
    this.#most = most
    this.#mostPerAddress = mostPerAddress
  }

  /** Takes a place, or says why there is none. */
  take(address: string): Full | undefined {
    if (this.#total >= this.#most) return 'max-connections'
    const taken = this.#taken.get(address) ?? 0
    if (taken >= this.#mostPerAddress) return 'max-per-address'
    this.#taken.set(address, taken + 1)
    this.#total += 1
    return undefined
  }

  /** Gives back what `take` took. */
  leave(address: string): void {
    const taken = this.#taken.get(address) ?? 0
    if (taken > 1) this.#taken.set(address, taken - 1)
    else this.#taken.delete(address)
    this.#total -= 1
  }
}
