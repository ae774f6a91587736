import { fromHex } from '../../../src/wire/hex.js'
import { describeMessage } from '../../support/message-suite.js'

const stop = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
const stopWire = '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000'

describeMessage('getcfilters', {
  message: { command: 'getcfilters', filterType: 0, startHeight: 0x0102_0304, stop: fromHex(stop) },
  payload: `0004030201${stopWire}`,
  plain: { filterType: 0, startHeight: 0x0102_0304, stop },
  row: { bips: [157], direction: 'request', minVersion: 0, shortId: 22, maxLength: 37 },
  payloads: [
    ['an unknown type of filter', 'ok', `ff00000000${stopWire}`],
    ['a byte too many', 'oversized-payload', `0000000000${stopWire}00`],
  ],
  unwritable: [
    ['bad-value', { command: 'getcfilters', filterType: 0, startHeight: 0, stop: new Uint8Array(31) }],
    ['bad-value', { command: 'getcfilters', filterType: 256, startHeight: 0, stop: fromHex(stop) }],
  ],
  vectors: {
    count: 1,
    plain: (fields: { filterType: number; startHeight: number; stopHash: string }) => ({
      filterType: fields.filterType,
      startHeight: fields.startHeight,
      stop: fields.stopHash,
    }),
  },
})
