/** ms after which something that was asked for may be asked for again (Core `GETDATA_TX_INTERVAL`). */
export const PATIENCE = 60_000
/** Announcements that are remembered, at least half of them, and the most that are awaited at a time. */
export const REMEMBERED = 50_000

/** What a remote has announced, so that each thing is asked for once. Bounded, whatever the remote announces. */
export class Announcements {
  readonly #now: () => number
  /** When each thing was asked for that is still to come, ms, the oldest first. */
  readonly #awaited = new Map<string, number>()
  /** What has come. In two generations: to delete the oldest of one set takes longer the more of it is deleted. */
  #young = new Set<string>()
  #old = new Set<string>()
  #fullUntil = 0

  /** @param now - ms of a clock that never jumps */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether to ask for it now. */
  begin(key: string): boolean {
    if (this.#young.has(key) || this.#old.has(key)) return false
    const since = this.#awaited.get(key)
    const now = this.#now()
    if (since !== undefined && now - since < PATIENCE) return false
    if (since === undefined && !this.#hasRoom(now)) return false
    // Behind all others, as the youngest.
    this.#awaited.delete(key)
    this.#awaited.set(key, now)
    return true
  }

  /** It is here, by all its names; whether it was awaited by any of them. */
  end(names: readonly string[]): boolean {
    if (!names.some(name => this.#awaited.has(name))) return false
    for (const name of names) {
      this.#awaited.delete(name)
      this.#young.add(name)
    }
    if (this.#young.size > REMEMBERED / 2) {
      this.#old = this.#young
      this.#young = new Set()
    }
    return true
  }

  /** The remote does not have it. */
  forget(key: string): void {
    this.#awaited.delete(key)
  }

  /** Whether one more can be awaited, where need be in the place of what was asked for long ago and will not come. */
  #hasRoom(now: number): boolean {
    if (this.#awaited.size < REMEMBERED) return true
    // Looked for once until the oldest is due: a look may take long, and a remote can ask for many.
    if (now < this.#fullUntil) return false
    for (const [key, since] of this.#awaited) {
      this.#fullUntil = since + PATIENCE
      if (now < this.#fullUntil) break
      this.#awaited.delete(key)
    }
    return this.#awaited.size < REMEMBERED
  }
}
