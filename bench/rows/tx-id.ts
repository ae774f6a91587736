import type { Row } from './row.js'

export const txId: Row = {
  name: 'one tx with its id',
  task: 'tx-id',
  input: 'transactions',
  per: 'transaction',
  rivals: {
    go: { must: 1, stretch: 1.1 },
    rust: { must: 0.6 },
    'bitcoinjs-lib': {},
    bcoin: {},
    '@scure/btc-signer': {},
    'bitcore-lib': {},
  },
}
