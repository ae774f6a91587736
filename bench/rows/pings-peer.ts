import type { Row } from './row.js'

export const pingsPeer: Row = {
  name: 'pings, whole peer',
  task: 'peer',
  input: 'pings',
  argument: 65_536,
  per: 'message',
  rivals: { go: { must: 0.4, stretch: 0.7 }, rust: {}, bcoin: {} },
}
