import type { Row } from './row.js'

export const headersFields: Row = {
  name: '2,000 headers, fields read',
  task: 'headers-fields',
  input: 'headers',
  per: 'header',
  rivals: { go: { must: 0.8, stretch: 0.9 }, rust: {}, bcoin: {} },
}
