/**
 * The same function, which answers again what it answered last where it is given equal fields: most peers of a program
 * have the same options, and there can be thousands. It keeps nothing alive: neither what it was given, nor its answer.
 */
export function remembering<K extends object, V extends object>(make: (given: K) => V): (given: K) => V {
  let last: WeakRef<V> | undefined
  /** What the last answer was made of, as long as somebody has that. */
  let madeOf = new WeakMap<V, K>()
  return given => {
    const before = last?.deref()
    const fields = before && madeOf.get(before)
    if (before !== undefined && fields !== undefined && haveSameFields(fields, given)) return before
    const made = make(given)
    last = new WeakRef(made)
    // Copied, since it is the caller's, and made anew, so that no answer but the last one has a copy.
    madeOf = new WeakMap([[made, { ...given }]])
    return made
  }
}

/** In the same order: who writes options in one place gives them in one. */
function haveSameFields(one: object, other: object): boolean {
  const before: readonly [string, unknown][] = Object.entries(one)
  const fields: readonly [string, unknown][] = Object.entries(other)
  return (
    before.length === fields.length &&
    before.every(([name, value], i) => fields[i]?.[0] === name && fields[i]?.[1] === value)
  )
}
