/** ms after which something that was asked for may be asked for again (Core `GETDATA_TX_INTERVAL`). */
export const PATIENCE = 60_000
/** Announcements of a remote that wait or are asked for at a time (Core `MAX_PEER_TX_ANNOUNCEMENTS`). */
export const MAX_WANTED = 5_000
/** Things that have come and are remembered, at least half of them. */
export const REMEMBERED = 10_000

/** Bytes that a name takes here: its text of 36 characters, and its place. */
const NAME_COST = 120

/** What a remote has announced, so that each thing is asked for once. Bounded, whatever the remote announces. */
export class Wanted {
  readonly #now: () => number
  /** What is still to be asked for, the oldest first. */
  readonly #waiting = new Set<string>()
  /** When each thing was asked for that is still to come, ms, the oldest first. */
  readonly #asked = new Map<string, number>()
  /** What has come. In two generations: to delete the oldest of one set takes longer the more of it is deleted. */
  #young = new Set<string>()
  #old = new Set<string>()

  /** @param now - ms of a clock that never jumps */
  constructor(now: () => number) {
    this.#now = now
  }

  /** How many are on their way. */
  get asked(): number {
    return this.#asked.size
  }

  /** How many are still to be asked for. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Bytes that it all takes. */
  get cost(): number {
    return NAME_COST * (this.#waiting.size + this.#asked.size + this.#young.size + this.#old.size)
  }

  /** It is announced; whether it is new, and there is room for it. */
  note(name: string): boolean {
    if (this.#young.has(name) || this.#old.has(name)) return false
    if (this.#waiting.has(name) || this.#asked.has(name)) return false
    if (this.#waiting.size + this.#asked.size >= MAX_WANTED) return false
    this.#waiting.add(name)
    return true
  }

  /** So many of those that wait, to be asked for now. */
  ask(count: number): readonly string[] {
    const names: string[] = []
    for (const name of this.#waiting) {
      if (names.length >= count) break
      names.push(name)
    }
    for (const name of names) {
      this.#waiting.delete(name)
      this.#asked.set(name, this.#now())
    }
    return names
  }

  /** It is here, by all its names; whether it was asked for by any of them. */
  come(names: readonly string[]): boolean {
    if (!names.some(name => this.#asked.has(name))) return false
    for (const name of names) {
      this.#asked.delete(name)
      this.#waiting.delete(name)
      this.#young.add(name)
    }
    if (this.#young.size > REMEMBERED / 2) {
      this.#old = this.#young
      this.#young = new Set()
    }
    return true
  }

  /** The remote does not have it; whether it was asked for. */
  forget(name: string): boolean {
    return this.#asked.delete(name)
  }

  /** Gives up what does not come: it is asked for again when it is announced again. */
  giveUp(): void {
    const now = this.#now()
    for (const [name, since] of this.#asked) {
      if (now - since < PATIENCE) break
      this.#asked.delete(name)
    }
  }
}
