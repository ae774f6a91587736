import type { Row } from './row.js'

export const relayPeer: Row = {
  name: 'relay mix, whole peer',
  task: 'peer',
  input: 'relay',
  argument: 65_536,
  per: 'message',
  rivals: { go: { must: 0.4, stretch: 0.6 }, rust: {}, bcoin: { must: 3 } },
}
