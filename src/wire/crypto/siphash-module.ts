/**
 * The WebAssembly module of `siphash.ts`: SipHash-2-4 of one message. Its numbers have 64 bits, which JavaScript has only
 * as bigints or in halves with the carries by hand.
 */
import { type Code, get, I32, i32, moduleOf, repeatWhile, set, tee } from './wasm.js'

/** Where things are in the module's memory, bytes. */
export const layout = {
  /** 16 bytes. */
  key: 0,
  /** 8 bytes, low word first. */
  hash: 16,
  /** The rest is the message: whole words of 8 bytes, the last of which ends with the length. */
  message: 32,
  pages: 1,
} as const

const I64 = 0x7e

/** Signed LEB128 of 64 bits. */
function sleb(value: bigint): Code {
  const rest = value >> 6n
  return rest === 0n || rest === -1n
    ? Number(value & 0x7fn)
    : [Number(value & 0x7fn) | 0x80, sleb(value >> 7n)]
}

const i64 = {
  of: (value: bigint): Code => [0x42, sleb(BigInt.asIntN(64, value))],
  load: (offset: number): Code => [0x29, 0, offset],
  store: (offset: number): Code => [0x37, 0, offset],
  add: 0x7c,
  xor: 0x85,
  rotateLeft: 0x89,
} as const

/** Parameters: where the message begins and ends in memory. */
const AT = 0
const END = 1
/** Locals: the four numbers of the state, and a word of the message. */
const [V0, V1, V2, V3, WORD] = [2, 3, 4, 5, 6] as const

const rotate = (local: number, bits: bigint): Code => [get(local), i64.of(bits), i64.rotateLeft]
const addTo = (local: number, other: number): Code => [get(local), get(other), i64.add, set(local)]
const xorTo = (local: number, other: Code): Code => [get(local), other, i64.xor, set(local)]
/** `local` turned by so many bits, and then `other` in it. */
const turn = (local: number, bits: bigint, other: number): Code => [
  [rotate(local, bits), get(other), i64.xor],
  set(local),
]

const round: Code = [
  [addTo(V0, V1), turn(V1, 13n, V0), rotate(V0, 32n), set(V0)],
  [addTo(V2, V3), turn(V3, 16n, V2)],
  [addTo(V0, V3), turn(V3, 21n, V0)],
  [addTo(V2, V1), turn(V1, 17n, V2), rotate(V2, 32n), set(V2)],
]

const begin = (local: number, half: number, constant: bigint): Code => [
  [i32.of(0), i64.load(layout.key + 8 * half), i64.of(constant), i64.xor],
  set(local),
]

const body: Code = [
  // "somepseudorandomlygeneratedbytes", which the designers chose.
  begin(V0, 0, 0x736f_6d65_7073_6575n),
  begin(V1, 1, 0x646f_7261_6e64_6f6dn),
  begin(V2, 0, 0x6c79_6765_6e65_7261n),
  begin(V3, 1, 0x7465_6462_7974_6573n),
  repeatWhile([
    [get(AT), i64.load(0), set(WORD)],
    [xorTo(V3, get(WORD)), round, round, xorTo(V0, get(WORD))],
    [get(AT), i32.of(8), i32.add, tee(AT), get(END), i32.lessThan],
  ]),
  [xorTo(V2, i64.of(0xffn)), round, round, round, round],
  [i32.of(0), get(V0), get(V1), i64.xor, get(V2), i64.xor, get(V3), i64.xor, i64.store(layout.hash)],
]

/** Exports `hash(at, end)` and `memory`. */
export function moduleBytes(): Uint8Array<ArrayBuffer> {
  const locals = [I64, I64, I64, I64, I64]
  return moduleOf(layout.pages, [{ name: 'hash', parameters: [I32, I32], locals, body }])
}
