import type { Row } from './row.js'

export const encodeBlock: Row = {
  name: 'encode block',
  task: 'encode-block',
  input: 'block',
  per: 'block',
  rivals: { go: { must: 1.5 }, rust: {}, bcoin: { must: 1.2 }, raw: {} },
  limit: 'raw: the bytes are copied behind a header and hashed twice by the native hash',
}
