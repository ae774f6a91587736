import type { Row } from './row.js'

export const getBlocks: Row = {
  name: 'getBlocks over TCP, 1.2 MB blocks',
  task: 'get-blocks',
  input: 'blocks',
  server: 'blocks',
  warmUp: 1_000,
  lives: 3,
  per: 'MB',
  rivals: { raw: {} },
  goal: { must: 7_000, stretch: 5_500 },
  limit: 'raw: blocks are put together and hashed as a whole; no transaction is looked at',
}
