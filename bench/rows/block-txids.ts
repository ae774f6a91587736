import type { Row } from './row.js'

export const blockTxids: Row = {
  name: 'all txids',
  task: 'block-txids',
  input: 'block',
  per: 'block',
  rivals: {
    go: { must: 3, stretch: 4 },
    rust: { must: 2, stretch: 2.5 },
    'bitcoinjs-lib': { must: 25 },
    bcoin: {},
    'bitcore-lib': {},
  },
}
