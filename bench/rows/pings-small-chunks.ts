import type { Row } from './row.js'

export const pingsSmallChunks: Row = {
  name: 'pings, bare decode, 1,400 B chunks',
  task: 'stream',
  input: 'pings',
  argument: 1_400,
  per: 'message',
  rivals: { go: { must: 0.5, stretch: 0.8 }, rust: {}, bcoin: {} },
}
