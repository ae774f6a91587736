import { fromHex } from '../../../src/wire/hex.js'
import { describeMessage } from '../../support/message-suite.js'

const stop = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
const stopWire = '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000'
const hash = (n: number) => new Uint8Array(32).fill(n)
const fields = { command: 'cfcheckpt', filterType: 0, stop: fromHex(stop) } as const

describeMessage('cfcheckpt', {
  message: { ...fields, filterHeaders: [hash(0x22), hash(0x33)] },
  payload: `00${stopWire}02${'22'.repeat(32)}${'33'.repeat(32)}`,
  plain: { filterType: 0, stop, filterHeaders: ['22'.repeat(32), '33'.repeat(32)] },
  row: { bips: [157], direction: 'response', minVersion: 0, shortId: 27, maxLength: 3_200_038 },
  payloads: [
    ['no headers', 'ok', `00${stopWire}00`],
    ['100,000 headers', 'ok', `00${stopWire}fea0860100${'00'.repeat(3_200_000)}`],
    ['100,001 headers', 'too-many', `00${stopWire}fea1860100`],
    ['a byte too many', 'trailing-bytes', `00${stopWire}0000`],
  ],
  unwritable: [['too-many', { ...fields, filterHeaders: Array<Uint8Array>(100_001).fill(hash(0)) }]],
  vectors: {
    count: 1,
    plain: (core: { filterType: number; stopHash: string; filterHeaders: string[] }) => ({
      filterType: core.filterType,
      stop: core.stopHash,
      filterHeaders: core.filterHeaders,
    }),
  },
})
