import type { Block } from './block.js'

const OP_1 = 0x51
const OP_16 = 0x60
/** Heights are pushed as script numbers of at most 4 bytes. */
const MAX_HEIGHT_BYTES = 4

/**
 * The height that a block claims in its coinbase (BIP34): 1 to 16 as an opcode, others pushed as a little-endian
 * number. `undefined` where there is none; nothing proves it but the chain.
 */
export function claimedHeight(block: Block): number | undefined {
  const script = block.transactions.at(0)?.inputs.at(0)?.scriptSig
  const first = script?.[0]
  if (script === undefined || first === undefined || block.header.version < 2) return undefined
  if (first >= OP_1 && first <= OP_16) return first - OP_1 + 1
  if (first === 0 || first > MAX_HEIGHT_BYTES || first >= script.length) return undefined
  const digits = script.subarray(1, 1 + first)
  const height = digits.reduceRight((value, byte) => value * 256 + byte, 0)
  return (digits.at(-1) ?? 0) < 0x80 ? height : undefined
}
