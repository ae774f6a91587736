import type { Row } from './row.js'

export const inv50: Row = {
  name: 'inv 50 entries read',
  task: 'inv-read',
  input: 'inv of 50',
  per: 'entry',
  rivals: { go: { must: 0.8, stretch: 0.95 }, rust: {}, bcoin: {} },
}
