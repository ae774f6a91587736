import { describeMessage } from '../../support/message-suite.js'

const filter = (length: number) => new Uint8Array(length)
const fields = {
  command: 'filterload',
  filter: filter(1),
  hashFunctions: 50,
  tweak: 0xffff_ffff,
  flags: 255,
} as const

describeMessage('filterload', {
  message: {
    command: 'filterload',
    filter: Uint8Array.of(0xb5, 0x0f),
    hashFunctions: 11,
    tweak: 0x8000_0001,
    flags: 1,
  },
  payload: '02b50f0b0000000100008001',
  plain: { filter: 'b50f', hashFunctions: 11, tweak: 0x8000_0001, flags: 1 },
  row: { bips: [37, 111], direction: 'request', minVersion: 70_001, shortId: 8, maxLength: 36_012 },
  payloads: [
    ['no filter at all', 'ok', '00000000000000000000'],
    ['36,000 bytes', 'ok', `fda08c${'00'.repeat(36_000)}320000000000000000`],
    ['36,001 bytes', 'oversized-payload', `fda18c${'00'.repeat(36_001)}320000000000000000`],
    ['a length of 36,001', 'too-long', 'fda18c00'],
    ['50 hash functions', 'ok', '01ff320000000000000000'],
    ['51 hash functions', 'bad-value', '01ff330000000000000000'],
    ['2^32 - 1 hash functions', 'bad-value', '01ffffffffff0000000000'],
    ['flags of no meaning', 'ok', '01ff0100000000000000ff'],
    ['a byte too many', 'trailing-bytes', '01ff01000000000000000000'],
  ],
  unwritable: [
    ['too-long', { ...fields, filter: filter(36_001) }],
    ['bad-value', { ...fields, hashFunctions: 51 }],
    ['bad-value', { ...fields, hashFunctions: -1 }],
    ['bad-value', { ...fields, tweak: 0x1_0000_0000 }],
    ['bad-value', { ...fields, flags: 256 }],
  ],
  vectors: {
    count: 1,
    plain: ({ filter: bits, hashFuncs, tweak, flags }: { [field: string]: string | number }) => ({
      filter: bits ?? '',
      hashFunctions: hashFuncs ?? 0,
      tweak: tweak ?? 0,
      flags: flags ?? 0,
    }),
  },
})
