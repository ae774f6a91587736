/** An error's cause as plain data, for `JSON.stringify`: what it is called, its stable code, and its words. */
export function plainCause(cause: unknown): unknown {
  if (cause === undefined || cause === null) return undefined
  if (typeof cause !== 'object') return String(cause)
  const name = 'name' in cause ? String(cause.name) : undefined
  const code = 'code' in cause ? String(cause.code) : undefined
  const message = 'message' in cause ? String(cause.message) : undefined
  return { name, code, message }
}
