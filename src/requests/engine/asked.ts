/** What is on its way under one name. */
interface Entry {
  /** Where it is wanted. */
  readonly places: number[]
  /** Which asking it was last asked for by, counted. */
  asking: number
  /** How often it was asked for. */
  times: number
}

/** What is on its way, by name. */
export class Asked {
  readonly #entries = new Map<string, Entry>()
  /** What has come but was asked for more than once, and how often it may come still. */
  readonly #late = new Map<string, number>()
  #askings = 0

  /** How many names are on their way. */
  get size(): number {
    return this.#entries.size
  }

  /** How often was asked up to now. */
  get askings(): number {
    return this.#askings
  }

  /** Notes that these places are asked for; those of them that have to be, since their name is not on its way. */
  add(places: readonly number[], nameOf: (place: number) => string): readonly number[] {
    this.#askings += 1
    return places.filter(place => {
      const name = nameOf(place)
      const known = this.#entries.get(name)
      if (known === undefined) this.#entries.set(name, { places: [place], asking: this.#askings, times: 1 })
      else known.places.push(place)
      return known === undefined
    })
  }

  /** Notes that all is asked for again; the places to ask for. */
  again(): readonly number[] {
    this.#askings += 1
    return Array.from(this.#entries.values(), entry => {
      entry.asking = this.#askings
      entry.times += 1
      return entry.places[0] ?? 0
    })
  }

  /**
   * Something with these names has come: the places that want it, `undefined` where it was not asked for. None want what
   * was asked for more than once and has come before.
   */
  settle(names: readonly string[]): readonly number[] | undefined {
    for (const name of names) {
      const entry = this.#entries.get(name)
      if (entry === undefined) continue
      this.#entries.delete(name)
      if (entry.times > 1) this.#late.set(name, entry.times - 1)
      return entry.places
    }
    const late = names.find(name => this.#late.has(name))
    if (late === undefined) return undefined
    const left = (this.#late.get(late) ?? 0) - 1
    if (left > 0) this.#late.set(late, left)
    else this.#late.delete(late)
    return []
  }

  /** A place whose answer is missing and which was last asked for by then; `askings` for any. */
  missing(askings: number = this.#askings): number | undefined {
    for (const { asking, places } of this.#entries.values()) if (asking <= askings) return places[0]
    return undefined
  }
}
