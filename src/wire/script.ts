import { readU32 } from './bytes.js'

/** The opcodes that are looked at here. */
const op = {
  pushData1: 0x4c,
  pushData2: 0x4d,
  pushData4: 0x4e,
  one: 0x51,
  sixteen: 0x60,
  return: 0x6a,
  checkSig: 0xac,
  checkMultisig: 0xae,
} as const

/** Most keys of one multisig (Core `MAX_PUBKEYS_PER_MULTISIG`). */
const MAX_MULTISIG_KEYS = 20

interface Operation {
  readonly opcode: number
  /** Start and end of the data that it pushes; equal where it pushes none. */
  readonly start: number
  readonly end: number
}

/** The operation at `offset`; `undefined` at the end, and where the data it announces is not there. */
function operationAt(script: Uint8Array, offset: number): Operation | undefined {
  const opcode = script[offset]
  if (opcode === undefined) return undefined
  let start = offset + 1
  let length = 0
  if (opcode < op.pushData1) length = opcode
  else if (opcode <= op.pushData4) {
    const width = opcode === op.pushData1 ? 1 : opcode === op.pushData2 ? 2 : 4
    // A length that is cut puts `start` behind the end.
    length = readU32(script.subarray(start, start + width), 0)
    start += width
  }
  const end = start + length
  return end > script.length ? undefined : { opcode, start, end }
}

/**
 * The data that a script pushes, in order, empty pushes left out. A script need not be well formed: what was pushed
 * before the first fault counts, as in Core. Views, made one at a time: a script may have millions of pushes.
 */
export function* scriptPushes(script: Uint8Array): Generator<Uint8Array, void> {
  for (let next = operationAt(script, 0); next; next = operationAt(script, next.end)) {
    if (next.end > next.start) yield script.subarray(next.start, next.end)
  }
}

/** Whether a script starts with OP_RETURN, so that nobody can ever spend it. */
export function isOpReturn(script: Uint8Array): boolean {
  return script[0] === op.return
}

/** Whether the length of a public key fits its first byte: 33 bytes compressed, 65 bytes otherwise. */
function isKeySized(script: Uint8Array, start: number, end: number): boolean {
  const first = script[start]
  if (first === 2 || first === 3) return end - start === 33
  return (first === 4 || first === 6 || first === 7) && end - start === 65
}

/** Whether a script pays to a bare public key: one push of the key and OP_CHECKSIG. */
export function isPayToPublicKey(script: Uint8Array): boolean {
  const { length } = script
  if (length !== 35 && length !== 67) return false
  return script[0] === length - 2 && isKeySized(script, 1, length - 1) && script[length - 1] === op.checkSig
}

/** A number from 1 to 20 as multisig scripts write it: OP_1 to OP_16, or a push of one byte above 16. */
function multisigNumber(script: Uint8Array, { opcode, start }: Operation): number | undefined {
  if (opcode >= op.one && opcode <= op.sixteen) return opcode - op.one + 1
  const value = opcode === 1 ? script[start]! : 0
  return value > 16 && value <= MAX_MULTISIG_KEYS ? value : undefined
}

/** Whether a script is a multisig that is not wrapped in a hash: `m`, the keys, `n`, OP_CHECKMULTISIG. */
export function isBareMultisig(script: Uint8Array): boolean {
  if (script[script.length - 1] !== op.checkMultisig) return false
  const first = operationAt(script, 0)
  const required = first && multisigNumber(script, first)
  if (first === undefined || required === undefined) return false
  let keys = 0
  let next = operationAt(script, first.end)
  while (next && isKeySized(script, next.start, next.end)) {
    keys += 1
    next = operationAt(script, next.end)
  }
  if (next === undefined || multisigNumber(script, next) !== keys) return false
  return keys >= required && next.end === script.length - 1
}
