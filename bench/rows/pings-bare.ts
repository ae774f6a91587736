import type { Row } from './row.js'

export const pingsBare: Row = {
  name: 'pings, bare decode',
  task: 'stream',
  input: 'pings',
  argument: 65_536,
  per: 'message',
  rivals: { go: { must: 0.9, stretch: 1.5 }, rust: {}, bcoin: {} },
}
