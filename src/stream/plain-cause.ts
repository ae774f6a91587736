/** The words of whatever was thrown: that may be anything, and need not even have a text. */
export function textOf(cause: unknown): string {
  try {
    return String(cause instanceof Error ? cause.message : cause)
  } catch {
    return 'something without a text'
  }
}

/** An error's cause as plain data, for `JSON.stringify`: what it is called, its stable code, and its words. */
export function plainCause(cause: unknown): unknown {
  if (cause === undefined || cause === null) return undefined
  if (typeof cause !== 'object') return String(cause)
  const name = 'name' in cause ? textOf(cause.name) : undefined
  const code = 'code' in cause ? textOf(cause.code) : undefined
  const message = 'message' in cause ? textOf(cause.message) : undefined
  return { name, code, message }
}
