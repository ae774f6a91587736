import type { Row } from './row.js'

export const headersIds: Row = {
  name: '2,000 headers with ids',
  task: 'headers-ids',
  input: 'headers',
  per: 'header',
  rivals: { go: { must: 0.8, stretch: 1 }, rust: { must: 0.5 }, bcoin: {} },
}
