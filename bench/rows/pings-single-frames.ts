import type { Row } from './row.js'

export const pingsSingleFrames: Row = {
  name: 'pings, bare decode, one frame a chunk',
  task: 'stream',
  input: 'pings',
  argument: 0,
  per: 'message',
  rivals: { go: { must: 0.5, stretch: 0.8 }, rust: {}, bcoin: {} },
}
