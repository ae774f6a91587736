import type { Row } from './row.js'

export const encodeInv: Row = {
  name: 'encode inv 50',
  task: 'encode-inv',
  input: 'inv of 50',
  per: 'message',
  items: 1,
  rivals: { go: { must: 0.5, stretch: 0.8 }, rust: {}, bcoin: { must: 1.2 } },
}
