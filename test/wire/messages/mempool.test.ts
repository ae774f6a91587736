import { describeMessage } from '../../support/message-suite.js'

describeMessage('mempool', {
  message: { command: 'mempool' },
  payload: '',
  plain: {},
  row: { bips: [35], direction: 'request', minVersion: 60_002, shortId: 15, maxLength: 0 },
  payloads: [['a byte too many', 'oversized-payload', '00']],
  vectors: { count: 1, plain: () => ({}) },
})
