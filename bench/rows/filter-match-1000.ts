import type { Row } from './row.js'

export const filterMatch1000: Row = {
  name: 'BIP158 match of 10,000 items, 1,000 scripts',
  task: 'filter-match',
  input: 'filter, 2,000 scripts',
  argument: 1_000,
  lives: 3,
  per: 'filter',
  rivals: { go: { must: 2, stretch: 3 }, rust: {} },
}
