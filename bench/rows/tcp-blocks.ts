import type { Row } from './row.js'

export const tcpBlocks: Row = {
  name: 'TCP stream of blocks',
  task: 'tcp-blocks',
  input: 'stream of blocks',
  server: 'stream',
  warmUp: 1_000,
  lives: 3,
  per: 'block',
  // At most 1.2 times the cost, 1.1 if it can be.
  rivals: { raw: { must: 1 / 1.2, stretch: 1 / 1.1 } },
  limit:
    'raw: each payload is put together in one piece and hashed twice by the native hash, and that is all',
}
