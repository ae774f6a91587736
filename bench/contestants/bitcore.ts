import bitcore from 'bitcore-lib'
import { split } from './parts.js'
import { serve } from './serve.js'

const { Block, Transaction } = bitcore

const block = (input: Uint8Array) => Block.fromBuffer(input)
const ids = (input: Uint8Array) => block(input).transactions.map(tx => tx.id)
const idOfEach = (input: Uint8Array) => split(input).map(part => new Transaction(part).id)
const wire = (shown: readonly string[]) => shown.map(id => Buffer.from(id, 'hex').reverse())
/** The first byte in wire order is the last that is shown. */
const sum = (shown: readonly string[]) =>
  shown.reduce((total, id) => total + Number.parseInt(id.slice(-2), 16), 0)

// It knows its own bytes by the class.
const buffer = (input: Uint8Array) => Buffer.from(input)

await serve({
  'block-decode': input => ({
    run: () => block(buffer(input)).transactions.length,
    digest: () => [block(buffer(input)).toBuffer()],
  }),
  'block-txids': input => ({ run: () => sum(ids(buffer(input))), digest: () => wire(ids(buffer(input))) }),
  'tx-id': input => ({
    run: () => sum(idOfEach(buffer(input))),
    digest: () => wire(idOfEach(buffer(input))),
  }),
})
