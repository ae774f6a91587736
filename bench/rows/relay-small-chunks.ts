import type { Row } from './row.js'

export const relaySmallChunks: Row = {
  name: 'relay mix, bare decode, 1,400 B chunks',
  task: 'stream',
  input: 'relay',
  argument: 1_400,
  per: 'message',
  rivals: { go: { must: 0.5, stretch: 0.8 }, rust: {}, bcoin: {} },
}
