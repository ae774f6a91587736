import type { Row } from './row.js'

export const getBlocks: Row = {
  name: 'getBlocks over TCP, 1.2 MB blocks',
  task: 'get-blocks',
  input: 'blocks',
  server: 'blocks',
  warmUp: 1_000,
  lives: 3,
  per: 'MB',
  rivals: {},
  goal: { must: 7_000, stretch: 5_500 },
}
