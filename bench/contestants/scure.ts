import { Transaction } from '@scure/btc-signer'
import { split } from './parts.js'
import { serve } from './serve.js'

const options = {
  allowUnknownInputs: true,
  allowUnknownOutputs: true,
  allowLegacyWitnessUtxo: true,
  disableScriptCheck: true,
} as const

const ids = (parts: readonly Uint8Array[]) => parts.map(part => Transaction.fromRaw(part, options).id)
/** The first byte in wire order is the last that is shown. */
const first = (id: string) => Number.parseInt(id.slice(-2), 16)

await serve({
  'tx-id': input => {
    const parts = split(input)
    return {
      run: () => ids(parts).reduce((sum, id) => sum + first(id), 0),
      digest: () => ids(parts).map(id => Buffer.from(id, 'hex').reverse()),
    }
  },
})
