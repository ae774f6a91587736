import { sha256 } from '../wire/hash.js'

/** OP_TRUE: anybody may spend it, so no key and no signature is needed. */
const witnessScript = Uint8Array.of(0x51)

/** What an embedded node's coinbases pay to: P2WSH of OP_TRUE. */
export const ownScript: Uint8Array = Uint8Array.of(0x00, 0x20, ...sha256(witnessScript))

/** The witness that spends it: the script alone. */
export const ownWitness: readonly Uint8Array[] = [witnessScript]
