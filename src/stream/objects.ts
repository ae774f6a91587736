import { ListView } from '../wire/list.js'
import type { Command, Message } from '../wire/messages.js'

// Measured on Node 20; test/load/bounds.test.ts sees it where a decoder makes other objects than it did.

/** Bytes of a plain object, and of a view of bytes. */
const OBJECT = 100
/** Bytes of a list over bytes, which makes its items when it is asked for them. */
const LIST_VIEW = 165
/** Bytes of a list that has its items, without them. */
const ARRAY = 150
/** Bytes of an item that is an object, the views in it included. */
const ITEM = 240
/** Bytes of an item that is a number. */
const NUMBER = 10
/** Bytes of the offsets of a transaction in a block. */
const OFFSETS = 10
/** Bytes of the two ids of a transaction, which stay once they are asked for. */
const IDS = 330

/**
 * Bytes that the objects of a decoded message take, beside the bytes that it came in. They can be many times those: an
 * address of addrv2 has 13 bytes at least, and is an object of 200 and more.
 */
export function objectsOf(message: Message): number {
  const offsets = message.command === 'block' ? message.block.transactions.length * OFFSETS : 0
  return fieldsOf(message) + offsets
}

/** Bytes of what a message has remembered by the time that users see it: a habit of ours asks for ids. */
export function rememberedBy({ command }: Message): number {
  return command === 'tx' ? IDS : 0
}

/** Messages of numbers and truth only. One that is missing here costs a look at its fields. */
const plain: ReadonlySet<Command> = new Set([
  'feefilter',
  'filterclear',
  'getaddr',
  'mempool',
  'ping',
  'pong',
  'sendaddrv2',
  'sendcmpct',
  'sendheaders',
  'verack',
  'wtxidrelay',
])

/** Whether a decoded message reads fields out of the bytes that it came in, and so keeps them. */
export function readsBytes(message: Message): boolean {
  // Asked of each answer: looking at the fields takes as long as encoding a pong.
  if (plain.has(message.command)) return false
  return Object.values(message).some(value => typeof value === 'object')
}

function fieldsOf(value: object): number {
  return Object.values(value).reduce<number>((sum, one) => sum + fieldOf(one), OBJECT)
}

function fieldOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (value instanceof Uint8Array) return OBJECT
  if (value instanceof ListView) return LIST_VIEW
  if (!Array.isArray(value)) return fieldsOf(value)
  if (value.length === 0) return 0
  return ARRAY + value.length * (typeof value[0] === 'number' ? NUMBER : ITEM)
}
