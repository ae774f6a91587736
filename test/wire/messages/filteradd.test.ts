import { describeMessage } from '../../support/message-suite.js'

describeMessage('filteradd', {
  message: { command: 'filteradd', data: Uint8Array.of(0xde, 0xad) },
  payload: '02dead',
  plain: { data: 'dead' },
  row: { bips: [37, 111], direction: 'request', minVersion: 70_001, shortId: 6, maxLength: 523 },
  payloads: [
    ['no data', 'ok', '00'],
    ['520 bytes', 'ok', `fd0802${'aa'.repeat(520)}`],
    ['a length of 521', 'too-long', 'fd090200'],
    ['521 bytes', 'oversized-payload', `fd0902${'aa'.repeat(521)}`],
    ['a byte too many', 'trailing-bytes', '01aa00'],
  ],
  unwritable: [['too-long', { command: 'filteradd', data: new Uint8Array(521) }]],
  vectors: { count: 1, plain: ({ data }: { data: string }) => ({ data }) },
})
