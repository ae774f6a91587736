import type { Row } from './row.js'

export const syncHeaders: Row = {
  name: 'syncHeaders over TCP',
  task: 'sync-headers',
  input: 'chain of headers',
  server: 'headers',
  warmUp: 1_000,
  per: 'header',
  rivals: { raw: {} },
  goal: { must: 2, stretch: 1.2 },
  limit: 'raw: pages are fetched, put together and hashed once as a whole; no header is looked at',
}
