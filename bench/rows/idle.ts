import type { Row } from './row.js'

export const idle: Row = {
  name: 'idle peer, RSS at 5,000',
  task: 'idle',
  input: 'nothing',
  server: 'stream',
  gauge: 'KB',
  per: 'peer',
  rivals: { go: {}, bcoin: {}, raw: {} },
  goal: { must: 22, stretch: 18 },
  limit: 'raw: sockets alone',
}
