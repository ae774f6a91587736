import type { Row } from './row.js'

export const cliVersion: Row = {
  name: 'CLI --version',
  task: 'cli-version',
  input: 'nothing',
  gauge: 'ms',
  per: 'start',
  rivals: { raw: {} },
  goal: { must: 170, stretch: 150 },
  limit: 'raw: a program of Node that does nothing',
}
