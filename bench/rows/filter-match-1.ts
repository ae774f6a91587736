import type { Row } from './row.js'

export const filterMatch1: Row = {
  name: 'BIP158 match of 10,000 items, 1 script',
  task: 'filter-match',
  input: 'filter, 20 scripts',
  argument: 1,
  lives: 3,
  per: 'filter',
  rivals: { go: { must: 3, stretch: 4 }, rust: {} },
}
