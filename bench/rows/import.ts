import type { Row } from './row.js'

export const importing: Row = {
  name: 'import of rxpeer over that of rxjs alone',
  task: 'import',
  input: 'nothing',
  gauge: 'ms',
  per: 'start',
  rivals: {},
  goal: { must: 50, stretch: 35 },
}
