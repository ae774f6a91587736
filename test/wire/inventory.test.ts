import { expect, test } from 'vitest'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { bytesToHex, fromHex, hexToBytes } from '../../src/wire/hex.js'
import { InventoryType, inventory, inventoryTypeName, WITNESS_FLAG } from '../../src/wire/inventory.js'
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
