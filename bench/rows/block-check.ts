import type { Row } from './row.js'

export const blockCheck: Row = {
  name: 'merkle root + witness commitment',
  task: 'block-check',
  input: 'block',
  per: 'block',
  rivals: {
    go: { must: 1.5, stretch: 1.8 },
    rust: { must: 1, stretch: 1.2 },
    'bitcoinjs-lib': {},
    bcoin: {},
  },
}
