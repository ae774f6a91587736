import fc from 'fast-check'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { bytesToHex, fromHex, hexToBytes } from '../../src/wire/hex.js'
import {
  type Inventory,
  InventoryType,
  inventory,
  inventoryTypeAt,
  inventoryTypeName,
  lastOfTypes,
  visitInventory,
  WITNESS_FLAG,
} from '../../src/wire/inventory.js'
import type { List } from '../../src/wire/list.js'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.js'
import * as arbitraries from '../support/arbitraries.js'
import { wireErrorOf } from '../support/wire.js'

const display = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
const wire = '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000'

test.each([
  ['error', 0, '00000000'],
  ['tx', 1, '01000000'],
  ['block', 2, '02000000'],
  ['filteredBlock', 3, '03000000'],
  ['compactBlock', 4, '04000000'],
  ['wtx', 5, '05000000'],
  ['witnessTx', 0x4000_0001, '01000040'],
  ['witnessBlock', 0x4000_0002, '02000040'],
  ['filteredWitnessBlock', 0x4000_0003, '03000040'],
  ['0x6', 6, '06000000'],
  ['0xffffffff', 0xffff_ffff, 'ffffffff'],
])('%s', (name, type, hex) => {
  const value = { type, hash: fromHex(display) }
  expect(inventoryTypeName(type)).toBe(name)
  expect(inventory.decode(new Reader(hexToBytes(hex + wire)))).toEqual(value)
  expect(inventory.read(hexToBytes(`00${hex}${wire}`), 1)).toEqual(value)
  expect(inventory.plain(value, {})).toEqual({ type: name, hash: display })
  const writer = new Writer()
  inventory.encode(writer, value)
  expect(bytesToHex(writer.finish())).toBe(hex + wire)
})

test('the witness types are the plain ones with the flag', () => {
  expect(InventoryType.witnessTx).toBe(InventoryType.tx | WITNESS_FLAG)
  expect(InventoryType.witnessBlock).toBe(InventoryType.block | WITNESS_FLAG)
  expect(InventoryType.filteredWitnessBlock).toBe(InventoryType.filteredBlock | WITNESS_FLAG)
})

test.each([
  ['a hash of 31 bytes', { type: 1, hash: new Uint8Array(31) }],
  ['a hash of 33 bytes', { type: 1, hash: new Uint8Array(33) }],
  ['a negative type', { type: -1, hash: new Uint8Array(32) }],
  ['a type above 32 bits', { type: 2 ** 32, hash: new Uint8Array(32) }],
])('%s is refused', (_, value) => {
  expect(wireErrorOf(() => inventory.encode(new Writer(), value)).code).toBe('bad-value')
})

describe('looking for types', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  const commands = ['inv', 'getdata', 'notfound'] as const

  /** The list as a remote sends it. */
  function received(command: (typeof commands)[number], entries: readonly Inventory[]): List<Inventory> {
    const message = decodeMessage(command, encodeMessage({ command, inventory: entries }))
    return message.command === command ? message.inventory : expect.fail(message.command)
  }

  const numbered = (type: number, number: number): Inventory => ({
    type,
    hash: new Uint8Array(32).fill(number),
  })

  it('answers for literals and for what was received alike', () => {
    const types = fc.uniqueArray(fc.constantFrom(...Object.values(InventoryType)))
    fc.assert(
      fc.property(
        fc.array(arbitraries.inventory),
        types,
        fc.constantFrom(...commands),
        (entries, wanted, command) => {
          const set = new Set<number>(wanted)
          const list = received(command, entries)
          const last = entries.findLast(({ type }) => set.has(type))
          expect(lastOfTypes(entries, set)).toBe(last)
          expect(lastOfTypes(list, set)).toEqual(last)
          for (let index = -1; index <= entries.length; index += 1) {
            const type = index < 0 ? undefined : entries[index]?.type
            expect(inventoryTypeAt(list, index)).toBe(type)
          }
        },
      ),
    )
  })

  it('shows the same entries of literals and of what was received, from anywhere on', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraries.inventory, { maxLength: 20 }),
        fc.nat(21),
        fc.constantFrom(...commands),
        (entries, from, command) => {
          const shown = (list: List<Inventory>) => {
            const seen: Inventory[] = []
            visitInventory(list, from, (type, bytes, offset) => {
              seen.push({ type, hash: bytes.slice(offset, offset + 32) })
            })
            return seen
          }
          const wanted = entries.slice(from).map(({ type, hash }) => ({ type, hash: hash.slice() }))
          expect(shown(entries)).toEqual(wanted)
          expect(shown(received(command, entries))).toEqual(wanted)
        },
      ),
    )
  })

  it('a received entry is a plain object over the bytes that it came in, wherever they lie', () => {
    const entries = [numbered(1, 1), numbered(InventoryType.witnessBlock, 2)]
    const payload = encodeMessage({ command: 'inv', inventory: entries })
    const chunk = new Uint8Array(200)
    chunk.set(payload, 77)
    for (const bytes of [
      chunk.subarray(77, 77 + payload.length),
      new Uint8Array(chunk.buffer, 77, payload.length),
    ]) {
      const message = decodeMessage('inv', bytes)
      if (message.command !== 'inv') expect.fail(message.command)
      const list = message.inventory
      expect([...list]).toEqual(entries)
      expect([list.at(0), list.at(-1), list[1]]).toEqual([entries[0], entries[1], entries[1]])
      expect({ ...list.at(0) }).toEqual(entries[0])
      expect(list.at(1)?.hash.buffer).toBe(chunk.buffer)
    }
  })

  it.each(commands)('makes the one entry of a long %s, and none where there is none', command => {
    const entries = Array.from({ length: 50_000 }, (_, i) => numbered(InventoryType.wtx, i))
    entries[7] = numbered(InventoryType.block, 1)
    entries[8] = numbered(InventoryType.witnessBlock, 2)
    const list = received(command, entries)
    const read = vi.spyOn(inventory, 'read')
    const blocks = new Set([InventoryType.block, InventoryType.witnessBlock])
    expect(lastOfTypes(list, blocks)).toEqual(entries[8])
    expect(read).toHaveBeenCalledTimes(1)
    expect(lastOfTypes(list, new Set([InventoryType.compactBlock]))).toBeUndefined()
    expect(read).toHaveBeenCalledTimes(1)
  })
})
