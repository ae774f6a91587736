import { fromHex } from '../../../src/wire/hex.js'
import { describeMessage } from '../../support/message-suite.js'

const stop = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
const stopWire = '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000'

describeMessage('getcfcheckpt', {
  message: { command: 'getcfcheckpt', filterType: 1, stop: fromHex(stop) },
  payload: `01${stopWire}`,
  plain: { filterType: 1, stop },
  row: { bips: [157], direction: 'request', minVersion: 0, shortId: 26, maxLength: 33 },
  payloads: [['a byte too many', 'oversized-payload', `00${stopWire}00`]],
  unwritable: [['bad-value', { command: 'getcfcheckpt', filterType: 0, stop: new Uint8Array(33) }]],
  vectors: {
    count: 1,
    plain: (fields: { filterType: number; stopHash: string }) => ({
      filterType: fields.filterType,
      stop: fields.stopHash,
    }),
  },
})
