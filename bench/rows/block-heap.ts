import type { Row } from './row.js'

export const blockHeap: Row = {
  name: 'heap kept by a decoded block, beside its bytes',
  task: 'block-heap',
  input: 'block',
  gauge: 'bytes',
  per: 'byte',
  rivals: { 'bitcoinjs-lib': {} },
  goal: { must: 1, stretch: 1 },
}
