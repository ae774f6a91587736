import { describeMessage } from '../../support/message-suite.js'

describeMessage('filterclear', {
  message: { command: 'filterclear' },
  payload: '',
  plain: {},
  row: { bips: [37, 111], direction: 'request', minVersion: 70_001, shortId: 7, maxLength: 0 },
  payloads: [['a byte too many', 'oversized-payload', '00']],
  vectors: { count: 1, plain: () => ({}) },
})
