import { buildBlocks, buildTransaction } from '../../src/testing/build.js'
import { toHex } from '../../src/wire/hex.js'
import type { Inventory } from '../../src/wire/inventory.js'
import type { Message } from '../../src/wire/messages.js'

/** What the remote has. */
export const blocks = buildBlocks(12)
export const transactions = Array.from({ length: 12 }, (_, seed) => buildTransaction({ seed }))

const things = new Map<string, Message>([
  ...blocks.map(block => [toHex(block.hash), { command: 'block', block }] as const),
  ...transactions.map(transaction => [toHex(transaction.txid), { command: 'tx', transaction }] as const),
])

function dataFor(inventory: Iterable<Inventory>): readonly Message[] {
  const missing: Inventory[] = []
  const found: Message[] = []
  for (const entry of inventory) {
    const thing = things.get(toHex(entry.hash))
    if (thing === undefined) missing.push(entry)
    else found.push(thing)
  }
  return missing.length > 0 ? [...found, { command: 'notfound', inventory: missing }] : found
}

/** What an honest node answers; nothing to what is no question. */
export function answersTo(message: Message): readonly Message[] {
  switch (message.command) {
    case 'ping':
      return [{ command: 'pong', nonce: message.nonce }]
    case 'getheaders':
      return [{ command: 'headers', headers: blocks.map(({ header }) => header) }]
    case 'getdata':
      return dataFor(message.inventory)
    case 'getaddr':
      return [{ command: 'inv', inventory: [] }]
    default:
      return []
  }
}
