import type { Row } from './row.js'

export const relaySingleFrames: Row = {
  name: 'relay mix, bare decode, one frame a chunk',
  task: 'stream',
  input: 'relay',
  argument: 0,
  per: 'message',
  rivals: { go: { must: 0.5, stretch: 0.8 }, rust: {}, bcoin: {} },
}
