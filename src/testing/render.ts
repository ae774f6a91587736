import { bytesToHex } from '../wire/hex.js'
import { type Message, messageTypes, toPlain } from '../wire/messages.js'

function isMessage(value: object): value is Message {
  return (
    'command' in value &&
    typeof value.command === 'string' &&
    (value.command === 'unknown' || value.command in messageTypes)
  )
}

/**
 * A value as text that shows all there is to compare: messages in plain form (their lists are views, which compare
 * equal whatever they hold), bytes in hex, bigints, errors by name and code.
 */
export function render(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return '[function]'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value)
  if (value instanceof Uint8Array) return `<${bytesToHex(value)}>`
  if (value instanceof Error) {
    return `${value.name}(${'code' in value ? String(value.code) : value.message})`
  }
  if (Array.isArray(value)) return `[${value.map(render).join(', ')}]`
  const plain: object = isMessage(value) && isWhole(value) ? toPlain(value) : value
  const entries = Object.entries(plain)
  return `{${entries.map(([key, item]) => `${key}: ${render(item)}`).join(', ')}}`
}

/** Whether a message has all its fields: diagrams may also hold partial ones, to say only what matters. */
function isWhole(message: Message): boolean {
  try {
    toPlain(message)
    return true
  } catch {
    return false
  }
}
