import { fromHex } from '../../../src/wire/hex.js'
import { describeMessage } from '../../support/message-suite.js'

const stop = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
const stopWire = '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000'
const previous = '11'.repeat(32)
const hash = (n: number) => new Uint8Array(32).fill(n)
const fields = {
  command: 'cfheaders',
  filterType: 0,
  stop: fromHex(stop),
  previousFilterHeader: hash(0x11),
} as const

describeMessage('cfheaders', {
  message: { ...fields, filterHashes: [hash(0x22), hash(0x33)] },
  payload: `00${stopWire}${previous}02${'22'.repeat(32)}${'33'.repeat(32)}`,
  plain: {
    filterType: 0,
    stop,
    previousFilterHeader: previous,
    filterHashes: ['22'.repeat(32), '33'.repeat(32)],
  },
  row: { bips: [157], direction: 'response', minVersion: 0, shortId: 25, maxLength: 64_074 },
  payloads: [
    ['no hashes', 'ok', `00${stopWire}${previous}00`],
    ['2000 hashes', 'ok', `00${stopWire}${previous}fdd007${'00'.repeat(64_000)}`],
    ['2001 hashes', 'too-many', `00${stopWire}${previous}fdd107`],
    ['a byte too many', 'trailing-bytes', `00${stopWire}${previous}0000`],
  ],
  unwritable: [
    ['too-many', { ...fields, filterHashes: Array<Uint8Array>(2_001).fill(hash(0)) }],
    ['bad-value', { ...fields, filterHashes: [new Uint8Array(31)] }],
  ],
  vectors: {
    count: 1,
    plain: (core: {
      filterType: number
      stopHash: string
      previousFilterHeader: string
      filterHashes: string[]
    }) => ({
      filterType: core.filterType,
      stop: core.stopHash,
      previousFilterHeader: core.previousFilterHeader,
      filterHashes: core.filterHashes,
    }),
  },
})
