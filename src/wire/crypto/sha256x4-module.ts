/**
 * The WebAssembly module of `sha256x4.ts`, put together from its instructions: four SHA-256 states side by side in the
 * lanes of 128-bit vectors, so that one pass compresses a block of each. Encodings are those of the WebAssembly core
 * specification, chapter 5, and of its vector instructions (prefix 0xfd).
 */
import { roundConstants } from './small-sha256.js'

/** Where things are in the module's memory, bytes. Vectors hold one word of each of the four states or blocks. */
export const layout = {
  /** 64 vectors, each a round constant four times. */
  constants: 0,
  /** 64 vectors: the message schedule. */
  schedule: 1_024,
  /** 8 vectors: the states. */
  states: 2_048,
  /** The rest is the caller's. */
  free: 4_096,
  size: 65_536,
} as const

type Code = readonly number[]

const VECTOR = 16
const I32 = 0x7f
const V128 = 0x7b

/** Unsigned LEB128. */
function uleb(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...uleb(value >>> 7)]
}

/** Signed LEB128 of a number that is not negative. */
function sleb(value: number): Code {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...sleb(value >>> 7)]
}

const get = (local: number): Code => [0x20, ...uleb(local)]
const set = (local: number): Code => [0x21, ...uleb(local)]
const tee = (local: number): Code => [0x22, ...uleb(local)]
const i32 = (value: number): Code => [0x41, ...sleb(value)]
const vector = (opcode: number, ...immediates: number[]): Code => [0xfd, ...uleb(opcode), ...immediates]
/** A vector instruction on memory: alignment of `2 ** align` bytes and an offset to the address on the stack. */
const memory = (opcode: number, align: number, offset: number, ...lane: number[]): Code =>
  vector(opcode, align, ...uleb(offset), ...lane)

const load = (offset: number): Code => memory(0x00, 4, offset)
const store = (offset: number): Code => memory(0x0b, 4, offset)
const loadWord = (offset: number): Code => memory(0x5c, 0, offset)
const loadLane = (offset: number, lane: number): Code => memory(0x56, 0, offset, lane)
const add = vector(0xae)
const or = vector(0x50)
const xor = vector(0x51)
const select = vector(0x52)
const swapBytes = vector(0x0d, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)

const shiftLeft = (local: number, bits: number): Code => [...get(local), ...i32(bits), ...vector(0xab)]
const shiftRight = (local: number, bits: number): Code => [...get(local), ...i32(bits), ...vector(0xad)]
const rotate = (local: number, bits: number): Code => [
  ...shiftRight(local, bits),
  ...shiftLeft(local, 32 - bits),
  ...or,
]
const sigma = (local: number, first: number, second: number, third: Code): Code => [
  ...rotate(local, first),
  ...rotate(local, second),
  ...xor,
  ...third,
  ...xor,
]

/** Parameters: the addresses of the four next blocks, and how many blocks of each are to be compressed. */
const BLOCKS = [0, 1, 2, 3] as const
const COUNT = 4
/** Locals: a cursor through the tables, the eight variables of the rounds, and a word. */
const CURSOR = 5
const STATE = 6
const WORD = 14

const at = (index: number) => layout.schedule + index * VECTOR

/** `body` for the cursor from 0 to `end` in steps of `step`. */
function loop(step: number, end: number, body: Code): Code {
  const advance = [...get(CURSOR), ...i32(step), 0x6a, ...tee(CURSOR), ...i32(end), 0x49]
  return [...i32(0), ...set(CURSOR), 0x03, 0x40, ...body, ...advance, 0x0d, 0x00, 0x0b]
}

/** Word `i` of all four blocks, big-endian in memory. */
function gather(i: number): Code {
  const from = 4 * i
  return [
    ...i32(0),
    ...BLOCKS.toReversed().flatMap(get),
    ...loadWord(from),
    ...loadLane(from, 1),
    ...loadLane(from, 2),
    ...loadLane(from, 3),
    ...tee(WORD),
    ...get(WORD),
    ...swapBytes,
    ...store(at(i)),
  ]
}

const extend: Code = loop(VECTOR, 48 * VECTOR, [
  ...get(CURSOR),
  ...get(CURSOR),
  ...load(at(0)),
  ...get(CURSOR),
  ...load(at(1)),
  ...set(WORD),
  ...sigma(WORD, 7, 18, shiftRight(WORD, 3)),
  ...add,
  ...get(CURSOR),
  ...load(at(9)),
  ...add,
  ...get(CURSOR),
  ...load(at(14)),
  ...set(WORD),
  ...sigma(WORD, 17, 19, shiftRight(WORD, 10)),
  ...add,
  ...store(at(16)),
])

/** One round; instead of moving the eight variables on, the next round names them one further. */
function round(i: number): Code {
  const local = (letter: number) => STATE + ((letter + 8 - i) & 7)
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(local) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return [
    ...get(h),
    ...get(CURSOR),
    ...load(layout.constants + i * VECTOR),
    ...add,
    ...get(CURSOR),
    ...load(at(i)),
    ...add,
    ...get(f),
    ...get(g),
    ...get(e),
    ...select,
    ...add,
    ...sigma(e, 6, 11, rotate(e, 25)),
    ...add,
    ...tee(h),
    ...get(d),
    ...add,
    ...set(d),
    ...get(h),
    ...get(c),
    ...get(b),
    ...get(a),
    ...get(b),
    ...xor,
    ...select,
    ...add,
    ...sigma(a, 2, 13, rotate(a, 22)),
    ...add,
    ...set(h),
  ]
}

const eight = [0, 1, 2, 3, 4, 5, 6, 7]
const sixteen = [...eight, ...eight.map(i => i + 8)]

const compressOne: Code = [
  ...sixteen.flatMap(gather),
  ...extend,
  ...eight.flatMap(i => [...i32(0), ...load(layout.states + i * VECTOR), ...set(STATE + i)]),
  ...loop(8 * VECTOR, 64 * VECTOR, eight.flatMap(round)),
  ...eight.flatMap(i => [
    ...i32(0),
    ...i32(0),
    ...load(layout.states + i * VECTOR),
    ...get(STATE + i),
    ...add,
    ...store(layout.states + i * VECTOR),
  ]),
]

const compress: Code = [
  ...[0x03, 0x40],
  ...compressOne,
  ...BLOCKS.flatMap(block => [...get(block), ...i32(64), 0x6a, ...set(block)]),
  ...[...get(COUNT), ...i32(1), 0x6b, ...tee(COUNT), 0x0d, 0x00, 0x0b],
  0x0b,
]

const sized = (code: Code): Code => [...uleb(code.length), ...code]
const section = (id: number, ...content: number[]): Code => [id, ...sized(content)]
const name = (text: string): Code => sized(Array.from(text, character => character.charCodeAt(0)))

/** The module: exports `memory` of one page and `compress(block, block, block, block, count)`, `count` from 1. */
export function moduleBytes(): Uint8Array<ArrayBuffer> {
  const locals = [3, 1, I32, 8, V128, 1, V128]
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, 1, 0x60, 5, I32, I32, I32, I32, I32, 0),
    ...section(3, 1, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...name('memory'), 2, 0, ...name('compress'), 0, 0),
    ...section(10, 1, ...sized([...locals, ...compress])),
  )
}

/** Fills the module's memory with the round constants. */
export function writeConstants(words: Int32Array): void {
  for (let i = 0; i < 64; i += 1) words.fill(roundConstants[i]!, 4 * i, 4 * i + 4)
}
