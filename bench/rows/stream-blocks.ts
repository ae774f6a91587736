import type { Row } from './row.js'

export const streamBlocks: Row = {
  name: 'stream of blocks, delivered by a peer',
  task: 'peer',
  input: 'stream of blocks',
  argument: 65_536,
  lives: 3,
  per: 'block',
  rivals: { go: { must: 2.5, stretch: 4 }, rust: { must: 1.6 }, bcoin: {}, raw: {} },
  limit:
    'raw: each payload is put together in one piece and hashed twice by the native hash, and that is all',
}
