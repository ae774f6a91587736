import type { Row } from './row.js'

export const handshake: Row = {
  name: 'connect + handshake, both sides',
  task: 'handshake',
  input: 'nothing',
  warmUp: 4_000,
  per: 'connection',
  rivals: { go: {}, bcoin: {}, raw: {} },
  goal: { must: 450, stretch: 350 },
  limit: 'raw: sockets that say version and verack, and close',
}
