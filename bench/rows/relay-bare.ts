import type { Row } from './row.js'

export const relayBare: Row = {
  name: 'relay mix, bare decode',
  task: 'stream',
  input: 'relay',
  argument: 65_536,
  per: 'message',
  rivals: { go: { must: 1, stretch: 1.4 }, rust: {}, bcoin: {} },
}
