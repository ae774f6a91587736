import type { Row } from './row.js'

export const syncHeaders: Row = {
  name: 'syncHeaders over TCP',
  task: 'sync-headers',
  input: 'chain of headers',
  server: 'headers',
  warmUp: 1_000,
  per: 'header',
  rivals: {},
  goal: { must: 2, stretch: 1.2 },
}
