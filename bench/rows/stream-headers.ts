import type { Row } from './row.js'

export const streamHeaders: Row = {
  name: 'stream of headers, delivered by a peer',
  task: 'peer',
  input: 'stream of headers',
  argument: 65_536,
  lives: 3,
  per: 'header',
  rivals: { go: { must: 1.8 }, rust: { must: 1.1 }, bcoin: {}, raw: {} },
  limit:
    'raw: each payload is put together in one piece and hashed twice by the native hash, and that is all',
}
