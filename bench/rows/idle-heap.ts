import type { Row } from './row.js'

export const idleHeap: Row = {
  name: 'idle peer, heap without a socket',
  task: 'idle-heap',
  input: 'nothing',
  gauge: 'KB',
  per: 'peer',
  rivals: { bcoin: {} },
}
