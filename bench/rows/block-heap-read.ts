import type { Row } from './row.js'

export const blockHeapRead: Row = {
  name: 'heap kept by a block whose fields were all read',
  task: 'block-heap-read',
  input: 'block',
  gauge: 'bytes',
  per: 'byte',
  rivals: { 'bitcoinjs-lib': {} },
}
