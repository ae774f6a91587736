/** What a peer makes us hold, by what it is held for. */
export const accounts = {
  frame: 'the message that is coming in, and bytes that are not cut into messages yet',
  held: 'messages that handlers have taken and not finished (`hold`, `consume`)',
  queue: 'messages that wait for users while `held` is above its mark',
  request: 'answers that requests hold back, because one before them is missing',
  question: 'messages of the remote that wait for room to be answered',
  reply: 'our answers to the remote that are not written yet',
  send: 'what was sent by users and habits and is not written yet',
} as const satisfies Record<string, string>

/** One of {@link accounts}. */
export type Account = keyof typeof accounts

/** Bytes by account. */
export type Held = Readonly<Record<Account, number>>

/** Bytes that a message which waits to be written costs beside its frame: its object, its place in the queues. */
export const MESSAGE_COST = 116

/**
 * A bound over many peers: when all that they make us hold exceeds it, the peer that holds the most is closed with
 * `memory-exceeded`, and the next one, until the rest fits.
 */
export interface MemoryBudget {
  /** Bytes. */
  readonly limit: number
  /** Bytes that the peers of this budget hold now. */
  readonly used: number
}

/** Bytes for all peers that are given this budget together. Off where no peer is given one. */
export function createMemoryBudget(limit: number): MemoryBudget {
  if (!(limit > 0)) throw new TypeError(`a budget must be above 0 bytes, not ${limit}`)
  return new Budget(limit)
}

class Budget implements MemoryBudget {
  readonly limit: number
  readonly #ledgers = new Set<Ledger>()
  #used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get used(): number {
    return this.#used
  }

  join(ledger: Ledger): void {
    this.#ledgers.add(ledger)
  }

  leave(ledger: Ledger): void {
    if (this.#ledgers.delete(ledger)) this.#used -= ledger.total
  }

  changed(by: number): void {
    this.#used += by
    while (this.#used > this.limit) {
      const largest = this.#largest()
      if (largest === undefined) return
      // What it holds is as good as gone: it must not cost others their place.
      this.leave(largest)
      largest.evict()
    }
  }

  #largest(): Ledger | undefined {
    let largest: Ledger | undefined
    for (const ledger of this.#ledgers) {
      if (ledger.total > (largest?.total ?? 0)) largest = ledger
    }
    return largest
  }
}

/** One account a peer of all that it makes us hold, at its real cost in bytes. */
export class Ledger {
  readonly #budget: Budget | undefined
  readonly #owner: { evicted(): void } | undefined
  readonly #held: Record<Account, number> = {
    frame: 0,
    held: 0,
    queue: 0,
    request: 0,
    question: 0,
    reply: 0,
    send: 0,
  }
  #total = 0
  #open = true

  /** @param owner - told once, when the budget over all peers wants this one to end */
  constructor(budget?: MemoryBudget, owner?: { evicted(): void }) {
    this.#budget = budget instanceof Budget ? budget : undefined
    this.#owner = owner
    this.#budget?.join(this)
  }

  get total(): number {
    return this.#total
  }

  of(account: Account): number {
    return this.#held[account]
  }

  charge(account: Account, cost: number): void {
    this.#held[account] += cost
    this.#total += cost
    if (this.#open && this.#budget !== undefined) this.#budget.changed(cost)
  }

  refund(account: Account, cost: number): void {
    this.charge(account, -cost)
  }

  /** For what is counted elsewhere. */
  set(account: Account, amount: number): void {
    const change = amount - this.#held[account]
    if (change !== 0) this.charge(account, change)
  }

  /** Charges until the returned function is called; calling it again does nothing. */
  lend(account: Account, cost: number): () => void {
    this.charge(account, cost)
    let open = true
    return () => {
      if (!open) return
      open = false
      this.refund(account, cost)
    }
  }

  snapshot(): Held {
    return { ...this.#held }
  }

  /** Called by the budget, which has forgotten this ledger. */
  evict(): void {
    this.#open = false
    this.#owner?.evicted()
  }

  /** The peer has ended: it counts for nobody any more. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#budget?.leave(this)
  }
}
