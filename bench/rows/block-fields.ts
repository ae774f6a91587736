import type { Row } from './row.js'

export const blockFields: Row = {
  name: 'every field of a block',
  task: 'block-fields',
  input: 'block',
  per: 'block',
  rivals: {
    go: { must: 1.2, stretch: 1.6 },
    rust: { must: 0.8, stretch: 1.1 },
    'bitcoinjs-lib': { must: 7.5 },
    bcoin: {},
  },
}
