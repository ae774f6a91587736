import { isObservable } from 'rxjs'
import { bytesToHex } from '../wire/hex.js'
import { isKnownCommand, type Message, toPlain } from '../wire/messages.js'

/** Whether an object is a message, perhaps a partial one. */
export function isMessage(value: object): value is Message {
  return (
    'command' in value &&
    typeof value.command === 'string' &&
    (value.command === 'unknown' || isKnownCommand(value.command))
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

/** Whether an object is of a class. */
function isInstance({ constructor: made }: object): boolean {
  return typeof made === 'function' && made !== Object
}

function className(value: object): string {
  return isInstance(value) ? value.constructor.name : ''
}

function renderNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

type Field = readonly [name: string, value: unknown]

/** By name, for two who write the same fields in another order mean the same; `command` first, for those who read. */
function byName([a]: Field, [b]: Field): number {
  if (a === b) return 0
  if (a === 'command' || b === 'command') return a === 'command' ? -1 : 1
  return a < b ? -1 : 1
}

function renderFields(name: string, fields: readonly Field[], within: Within): string {
  const shown = fields.filter(([, item]) => item !== undefined).sort(byName)
  return `${name}{${shown.map(([key, item]) => `${key}: ${renderWithin(item, within)}`).join(', ')}}`
}

let numbered = 0
const numbers = new WeakMap<object, number>()

/** The number of what has nothing to compare, so that it equals itself and nothing else: given when it is first shown. */
function numberOf(value: object): number {
  const known = numbers.get(value)
  if (known !== undefined) return known
  numbered += 1
  numbers.set(value, numbered)
  return numbered
}

/** The bytes of what shows only how many they are. */
function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof DataView) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  // Browsers have no shared memory on pages that are not isolated.
  const shared = typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer
  if (!shared && !(value instanceof ArrayBuffer)) return undefined
  // One that was transferred has none, and refuses a view.
  return value.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(value)
}

/** The objects that a value is part of. */
type Within = readonly object[]

function renderObject(value: object, within: Within): string {
  if (isObservable(value)) return `[observable #${numberOf(value)}]`
  if (value instanceof Error) return `${value.name}(${'code' in value ? String(value.code) : value.message})`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (isMessage(value) && isWhole(value)) return renderFields('', Object.entries(toPlain(value)), within)
  const name = className(value)
  if (isIterable(value)) {
    const prefix = value instanceof Map || value instanceof Set ? name : ''
    return `${prefix}[${Array.from(value, item => renderWithin(item, within)).join(', ')}]`
  }
  // Transactions, blocks and headers: the bytes are all there is to compare.
  const bytes =
    name !== '' && 'bytes' in value && value.bytes instanceof Uint8Array ? value.bytes : bytesOf(value)
  if (bytes !== undefined) return `${name}<${bytesToHex(bytes)}>`
  const own = Object.entries(value)
  const computed = accessors(value).map((key): Field => [key, Reflect.get(value, key)])
  const fields = [...own, ...computed]
  return fields.length === 0 && isInstance(value)
    ? `${name}#${numberOf(value)}`
    : renderFields(name, fields, within)
}

function renderWithin(value: unknown, within: Within): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return renderNumber(value)
  if (typeof value === 'function') return `[${['function', value.name].join(' ').trim()} #${numberOf(value)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value)
  if (value instanceof Uint8Array) return `<${bytesToHex(value)}>`
  return within.includes(value) ? '[circular]' : renderObject(value, [...within, value])
}

/**
 * A value as text that shows all there is to compare: messages in plain form, lists as arrays (to node:assert two views
 * of one length are equal whatever they hold), transactions and blocks by their bytes, bytes in hex, errors by name and
 * code; functions, observables and objects that show nothing by a number of their own, so that each equals only itself.
 * Bigints have their n, but for those of a whole message, which its plain form has as strings. The order of fields
 * does not count, nor does a field that is undefined. `marbles` compares by it; for assertions of your own it is what
 * `JSON.stringify` cannot be.
 * @example expect(render(inv)).toBe(render(invMessage('tx', [hash])))
 */
export function render(value: unknown): string {
  return renderWithin(value, [])
}
