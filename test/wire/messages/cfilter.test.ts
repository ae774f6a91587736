import { fromHex } from '../../../src/wire/hex.js'
import { describeMessage } from '../../support/message-suite.js'

const blockHash = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
const blockWire = '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000'

describeMessage('cfilter', {
  message: {
    command: 'cfilter',
    filterType: 0,
    blockHash: fromHex(blockHash),
    filter: Uint8Array.of(1, 0x9d, 0xfc, 0xa8),
  },
  payload: `00${blockWire}04019dfca8`,
  plain: { filterType: 0, blockHash, filter: '019dfca8' },
  row: { bips: [157, 158], direction: 'response', minVersion: 0, shortId: 23, maxLength: 262_182 },
  payloads: [
    ['no filter', 'ok', `00${blockWire}00`],
    ['256 KiB', 'ok', `00${blockWire}fe00000400${'00'.repeat(262_144)}`],
    ['a length above', 'too-long', `00${blockWire}fe01000400`],
    ['a byte too many', 'trailing-bytes', `00${blockWire}0000`],
  ],
  unwritable: [
    [
      'too-long',
      { command: 'cfilter', filterType: 0, blockHash: fromHex(blockHash), filter: new Uint8Array(262_145) },
    ],
  ],
  vectors: {
    count: 1,
    plain: (fields: { filterType: number; blockHash: string; filter: string }) => ({ ...fields }),
  },
})
