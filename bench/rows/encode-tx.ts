import type { Row } from './row.js'

export const encodeTx: Row = {
  name: 'encode tx',
  task: 'encode-tx',
  input: 'transactions',
  per: 'transaction',
  rivals: { go: { must: 0.55, stretch: 0.8 }, rust: {}, bcoin: { must: 1.2 } },
}
