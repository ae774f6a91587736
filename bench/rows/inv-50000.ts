import type { Row } from './row.js'

export const inv50000: Row = {
  name: 'inv 50,000 entries read',
  task: 'inv-read',
  input: 'inv of 50,000',
  per: 'entry',
  rivals: { go: { must: 0.55, stretch: 0.7 }, rust: {}, bcoin: {} },
}
