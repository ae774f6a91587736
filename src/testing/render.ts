import { isObservable } from 'rxjs'
import { bytesToHex } from '../wire/hex.js'
import { type Message, messageTypes, toPlain } from '../wire/messages.js'

function isMessage(value: object): value is Message {
  return (
    'command' in value &&
    typeof value.command === 'string' &&
    (value.command === 'unknown' || value.command in messageTypes)
  )
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

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && typeof value[Symbol.iterator] === 'function'
}

/** Names of what an object of a class computes: its private fields show nowhere else. */
function accessors(value: object): string[] {
  const names: string[] = []
  for (
    let prototype: unknown = Object.getPrototypeOf(value);
    typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (property.get !== undefined && !names.includes(name)) names.push(name)
    }
  }
  return names
}

function className(value: object): string {
  const made = value.constructor
  return typeof made === 'function' && made !== Object ? made.name : ''
}

function renderNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function renderFields(
  name: string,
  entries: readonly (readonly [string, unknown])[],
  within: Within,
): string {
  return `${name}{${entries.map(([key, item]) => `${key}: ${renderWithin(item, within)}`).join(', ')}}`
}

/** The objects that a value is part of. */
type Within = readonly object[]

function renderObject(value: object, within: Within): string {
  if (isObservable(value)) return '[observable]'
  if (value instanceof Error) return `${value.name}(${'code' in value ? String(value.code) : value.message})`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (isMessage(value) && isWhole(value)) return renderFields('', Object.entries(toPlain(value)), within)
  const name = className(value)
  if (isIterable(value)) {
    const prefix = value instanceof Map || value instanceof Set ? name : ''
    return `${prefix}[${Array.from(value, item => renderWithin(item, within)).join(', ')}]`
  }
  // Transactions, blocks and headers: the bytes are all there is to compare.
  if (name !== '' && 'bytes' in value && value.bytes instanceof Uint8Array)
    return `${name}<${bytesToHex(value.bytes)}>`
  const own = Object.entries(value)
  const computed = accessors(value).map((key): readonly [string, unknown] => [key, Reflect.get(value, key)])
  return renderFields(name, [...own, ...computed], within)
}

function renderWithin(value: unknown, within: Within): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return renderNumber(value)
  if (typeof value === 'function') return '[function]'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value)
  if (value instanceof Uint8Array) return `<${bytesToHex(value)}>`
  return within.includes(value) ? '[circular]' : renderObject(value, [...within, value])
}

/**
 * A value as text that shows all there is to compare: messages in plain form, lists as arrays (as views they compare
 * equal whatever they hold), transactions and blocks by their bytes, bytes in hex, bigints with their n, errors by name
 * and code. `marbles` compares by it; for assertions of your own it is what `JSON.stringify` cannot be.
 * @example expect(render(inv)).toBe(render(invMessage('tx', [hash])))
 */
export function render(value: unknown): string {
  return renderWithin(value, [])
}
