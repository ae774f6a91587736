import { expect, test } from 'vitest'
import { hasServices, Services, serviceNames } from '../../src/wire/services.js'

test.each([
  ['none', 0n],
  ['network', 0x1n],
  ['getUtxo', 0x2n],
  ['bloom', 0x4n],
  ['witness', 0x8n],
  ['compactFilters', 0x40n],
  ['networkLimited', 0x400n],
  ['p2pV2', 0x800n],
] as const)('%s is bit pattern %s', (name, bits) => {
  expect(Services[name]).toBe(bits)
})

test.each<[bigint, string[]]>([
  [0n, []],
  [1n, ['network']],
  [0x409n, ['network', 'witness', 'networkLimited']],
  [0x10n, ['bit4']],
  [1n << 63n, ['bit63']],
  [(1n << 24n) | 0x40n, ['compactFilters', 'bit24']],
  [
    0xfffn,
    [
      'network',
      'getUtxo',
      'bloom',
      'witness',
      'bit4',
      'bit5',
      'compactFilters',
      'bit7',
      'bit8',
      'bit9',
      'networkLimited',
      'p2pV2',
    ],
  ],
])('%s is named %j', (services, names) => {
  expect(serviceNames(services)).toEqual(names)
})

test('every wanted bit has to be there', () => {
  const offered = Services.network | Services.witness
  expect(hasServices(offered, Services.none)).toBe(true)
  expect(hasServices(offered, Services.witness)).toBe(true)
  expect(hasServices(offered, offered)).toBe(true)
  expect(hasServices(offered, Services.bloom)).toBe(false)
  expect(hasServices(offered, Services.network | Services.bloom)).toBe(false)
  expect(hasServices(0n, Services.network)).toBe(false)
})
