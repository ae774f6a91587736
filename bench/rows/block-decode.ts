import type { Row } from './row.js'

export const blockDecode: Row = {
  name: 'block decode, validated',
  task: 'block-decode',
  input: 'block',
  per: 'block',
  rivals: {
    go: { must: 15, stretch: 20 },
    rust: { must: 9, stretch: 12 },
    'bitcoinjs-lib': { must: 120 },
    bcoin: {},
    'bitcore-lib': {},
  },
}
