/**
 * The WebAssembly module of `sha256x4.ts`: four SHA-256 states side by side in the lanes of 128-bit vectors, so that
 * one pass compresses a block of each. What bounds it is the number of vector instructions, about 3,200 a pass at three
 * a cycle: hence a schedule of its own for each kind of block of which words are known.
 */
import { AGAIN, ANY, END_80, PAD_64, schedule, type Words, withConstant } from './sha256-schedule.js'
import { initialState, roundConstants } from './small-sha256.js'
import { type Code, call, get, I32, i32, moduleOf, repeatWhile, set, tee, V128, v128 } from './wasm.js'

const VECTOR = 16
const TABLE = 64 * VECTOR

/** Where things are in the module's memory, bytes. Vectors hold one word of each of the four states or blocks. */
export const layout = {
  /** 64 vectors, each a round constant four times. */
  constants: 0,
  /** Schedules, with the round constants added: of any block, */
  any: TABLE,
  /** of the hash that is hashed again, */
  again: 2 * TABLE,
  /** of the last 16 bytes of 80, */
  end80: 3 * TABLE,
  /** and of the block that pads 64 bytes, always the same. */
  pad64: 4 * TABLE,
  /** 8 vectors: the state before the first block, four times. */
  initial: 5 * TABLE,
  /** 8 vectors: the states. */
  states: 5 * TABLE + 128,
  /** 64 bytes of ones and 64 of zeros: from 64 - n on, a mask of n bytes. */
  ones: 5 * TABLE + 256,
  /** 64 zeros, 0x80 and 63 zeros: from 64 - n on, the mark behind n bytes. */
  mark: 5 * TABLE + 384,
  /** Room for the last two blocks of each lane's message. */
  tails: 5 * TABLE + 512,
  /** The rest is the caller's. */
  free: 6 * TABLE,
  pages: 4,
} as const

const LANES = [0, 1, 2, 3] as const
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7] as const
const BLOCK = 64
const TAIL = 2 * BLOCK
const HASH = 32
const vectors = (count: number): number[] => new Array<number>(count).fill(V128)
const integers = (count: number): number[] => new Array<number>(count).fill(I32)

const loadAt = (address: number): Code => [i32.of(0), v128.load(address)]
const shiftLeft = (local: number, bits: number): Code => [get(local), i32.of(bits), v128.shiftLeft]
const shiftRight = (local: number, bits: number): Code => [get(local), i32.of(bits), v128.shiftRight]
const rotate = (local: number, bits: number): Code => [
  shiftRight(local, bits),
  shiftLeft(local, 32 - bits),
  v128.or,
]
const sigma = (local: number, first: number, second: number, third: Code): Code => [
  [rotate(local, first), rotate(local, second), v128.xor],
  [third, v128.xor],
]
const terms = {
  itself: get,
  sigma0: (local: number): Code => sigma(local, 7, 18, shiftRight(local, 3)),
  sigma1: (local: number): Code => sigma(local, 17, 19, shiftRight(local, 10)),
} as const

/** Writes the schedule of blocks whose read words are in the locals from `words` on, to `table`. */
function extend(first: Words, table: number, words: number): Code {
  const local = (i: number): number => words + (i & 15)
  const store = (i: number, word: Code): Code => [
    [i32.of(0), word, loadAt(layout.constants + i * VECTOR), v128.add],
    v128.store(table + i * VECTOR),
  ]
  return schedule(first).map((word, i) => {
    if (word === undefined) return store(i, get(local(i)))
    if (typeof word === 'number') return []
    const known = word.known === 0 ? [] : [[i32.of(word.known), v128.splat]]
    const summands = [...word.terms.map(term => terms[term.of](local(term.word))), ...known]
    return store(i, [summands.map((summand, n) => [summand, n === 0 ? [] : v128.add]), tee(local(i))])
  })
}

/** Indices of bytes that turn each word around. */
const reversed = v128.of([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12])
const shuffleWords = (words: readonly number[]): Code =>
  v128.shuffle(words.flatMap(i => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]))
const LOW = shuffleWords([0, 4, 1, 5])
const HIGH = shuffleWords([2, 6, 3, 7])
const LOW_PAIR = shuffleWords([0, 1, 4, 5])
const HIGH_PAIR = shuffleWords([2, 3, 6, 7])

/** Turns the square of the four vectors from `at` on, columns to rows; `spare` is the first of four spare locals. */
function transpose(at: number, spare: number): Code {
  const two = (x: number, y: number, shuffle: Code, to: number): Code => [get(x), get(y), shuffle, set(to)]
  return [
    [two(at, at + 1, LOW, spare), two(at, at + 1, HIGH, spare + 1)],
    [two(at + 2, at + 3, LOW, spare + 2), two(at + 2, at + 3, HIGH, spare + 3)],
    [two(spare, spare + 2, LOW_PAIR, at), two(spare, spare + 2, HIGH_PAIR, at + 1)],
    [two(spare + 1, spare + 3, LOW_PAIR, at + 2), two(spare + 1, spare + 3, HIGH_PAIR, at + 3)],
  ]
}

/** Parameters: the addresses of four blocks. Writes their schedule. */
function scheduleOf(first: Words, table: number): Code {
  const [words, spare, mask] = [4, 20, 24]
  const fours = [0, 4, 8, 12].filter(i => first[i] === undefined)
  return [
    [reversed, set(mask)],
    fours.map(i => [
      LANES.map(lane => [get(lane), v128.load(4 * i), get(mask), v128.swizzle, set(words + i + lane)]),
      transpose(words + i, spare),
    ]),
    extend(first, table, words),
  ]
}

/** The hashes that the states have become are the next message. */
const scheduleAgain: Code = [
  EIGHT.map(i => [loadAt(layout.states + i * VECTOR), set(i)]),
  extend(AGAIN, layout.again, 0),
]

const begin: Code = EIGHT.map(i => [
  [i32.of(0), loadAt(layout.initial + i * VECTOR)],
  v128.store(layout.states + i * VECTOR),
])

/** Parameters of the rounds: where the schedule is, and a mask of the lanes whose states are to change. */
const SCHEDULE_AT = 0
const CHANGED = 1
/** Locals: the eight variables; `b ^ c`, which is the `a ^ b` of the round before; the end of the schedule. */
const STATE = 2
const DIFFERENT = [10, 11] as const
const END = 12

/** Rounds in a turn of the loop; eight bring the names of the variables round. All 64 in one are no faster. */
const UNROLLED = 16

/** One round; instead of moving the eight variables on, the next round names them one further. */
function round(i: number): Code {
  const local = (letter: number): number => STATE + ((letter + 8 * UNROLLED - i) & 7)
  const [a, b, d, e, f, g, h] = [
    local(0),
    local(1),
    local(3),
    local(4),
    local(5),
    local(6),
    local(7),
  ] as const
  const bc = DIFFERENT[i % 2 === 0 ? 0 : 1]
  const ab = DIFFERENT[i % 2 === 0 ? 1 : 0]
  // b, but c where a differs from b and b from c: one instruction less than a choice by `a ^ b`.
  const majority: Code = [get(b), get(a), get(b), v128.xor, tee(ab), get(bc), v128.and, v128.xor]
  return [
    [get(h), get(SCHEDULE_AT), v128.load(i * VECTOR), v128.add],
    [get(f), get(g), get(e), v128.select, v128.add],
    [sigma(e, 6, 11, rotate(e, 25)), v128.add, tee(h)],
    [get(d), v128.add, set(d)],
    [get(h), sigma(a, 2, 13, rotate(a, 22)), v128.add],
    [majority, v128.add, set(h)],
  ]
}

const rounds: Code = [
  EIGHT.map(i => [loadAt(layout.states + i * VECTOR), set(STATE + i)]),
  [get(STATE + 1), get(STATE + 2), v128.xor, set(DIFFERENT[0])],
  [get(SCHEDULE_AT), i32.of(TABLE), i32.add, set(END)],
  repeatWhile([
    Array.from({ length: UNROLLED }, (_, i) => round(i)),
    [get(SCHEDULE_AT), i32.of(UNROLLED * VECTOR), i32.add, tee(SCHEDULE_AT)],
    [get(END), i32.lessThan],
  ]),
  EIGHT.map(i => [
    [i32.of(0), loadAt(layout.states + i * VECTOR)],
    [get(STATE + i), get(CHANGED), v128.and, v128.add],
    v128.store(layout.states + i * VECTOR),
  ]),
]

/** Parameter: where the four states go as hashes, one behind the other. */
const finish: Code = (() => {
  const [words, spare, mask] = [1, 9, 13]
  return [
    [reversed, set(mask)],
    EIGHT.map(i => [loadAt(layout.states + i * VECTOR), set(words + i)]),
    [0, 4].map(i => [
      transpose(words + i, spare),
      LANES.map(lane => [
        [get(0), get(words + i + lane), get(mask), v128.swizzle],
        v128.store(HASH * lane + 4 * i),
      ]),
    ]),
  ]
})()

/** Parameters: a message, its bytes, and where its last one or two blocks go. */
const tail: Code = (() => {
  const [message, size, to, rest, bits] = [0, 1, 2, 3, 4]
  const bytes = (mask: number): Code => [i32.of(mask), i32.and]
  return [
    [get(size), i32.of(BLOCK - 1), i32.and, set(rest)],
    [get(message), get(size), i32.add, get(rest), i32.sub, set(message)],
    [get(size), i32.of(3), i32.shiftLeft, set(bits)],
    [i32.of(BLOCK), get(rest), i32.sub, set(size)],
    LANES.map(i => [
      [get(to), get(message), v128.load(16 * i)],
      [get(size), v128.load(layout.ones + 16 * i), v128.and],
      [get(size), v128.load(layout.mark + 16 * i), v128.or, v128.store(16 * i)],
    ]),
    // The length in bits needs 8 bytes behind the mark: with more than 55 bytes in the block it goes to the next.
    [get(to), get(rest), i32.of(8), i32.add, i32.of(BLOCK), i32.and, i32.add],
    [get(bits), i32.of(8), i32.rotateLeft, bytes(0x00ff_00ff)],
    [get(bits), i32.of(8), i32.rotateRight, bytes(0xff00_ff00), i32.or, i32.store(BLOCK - 4)],
  ]
})()

/** Indices of the functions of the module. */
const SCHEDULE = 0
const SCHEDULE_80 = 1
const SCHEDULE_AGAIN = 2
const ROUNDS = 3
const BEGIN = 4
const FINISH = 5
const TAIL_OF = 6
const SCHEDULE_32 = 7

const allLanes = v128.of(new Array<number>(16).fill(0xff))
const roundsOf = (table: number): Code => [i32.of(table), allLanes, call(ROUNDS)]
/** Hashes the hashes, and writes them to the address in the local `to`. */
const again = (to: number): Code => [
  [call(SCHEDULE_AGAIN), call(BEGIN), roundsOf(layout.again)],
  [get(to), call(FINISH)],
]

/** Parameters: messages, bytes from one to the next, where the hashes go, how many times four. */
function inFours(rest: (addresses: (offset: number) => Code) => Code): Code {
  const [source, stride, target, fours] = [0, 1, 2, 3]
  const addresses = (offset: number): Code =>
    LANES.map(lane => [
      get(source),
      LANES.slice(0, lane).map(() => [get(stride), i32.add]),
      [i32.of(offset), i32.add],
    ])
  return repeatWhile([
    [call(BEGIN), addresses(0), call(SCHEDULE), roundsOf(layout.any)],
    rest(addresses),
    again(target),
    [get(source), LANES.map(() => [get(stride), i32.add]), set(source)],
    [get(target), i32.of(4 * HASH), i32.add, set(target)],
    [get(fours), i32.of(1), i32.sub, tee(fours)],
  ])
}

const hash64 = inFours(() => roundsOf(layout.pad64))
const hash80 = inFours(addresses => [addresses(BLOCK), call(SCHEDULE_80), roundsOf(layout.end80)])

/**
 * Parameters: four messages, the bytes of each, where the hashes go. Lanes whose message has fewer blocks idle, so the
 * caller had better take messages of about the same length.
 */
const hash4: Code = (() => {
  const [message, size, target, whole, at, most, blocks] = [0, 4, 8, 9, 13, 14, 15]
  const blocksOf = (lane: number): Code => [get(size + lane), i32.of(72), i32.add, i32.of(6), i32.shiftRight]
  const offset = (from: Code): Code => [from, i32.of(6), i32.shiftLeft]
  const tailOf = (lane: number): Code => i32.of(layout.tails + lane * TAIL)
  return [
    call(BEGIN),
    LANES.map(lane => [
      [get(message + lane), get(size + lane), tailOf(lane), call(TAIL_OF)],
      [get(size + lane), i32.of(6), i32.shiftRight, set(whole + lane)],
    ]),
    [
      blocksOf(0),
      v128.splat,
      LANES.slice(1).map(lane => [blocksOf(lane), v128.replaceLane(lane)]),
      set(blocks),
    ],
    LANES.map(lane => [
      [blocksOf(lane), tee(at), get(most)],
      [get(most), get(at), i32.lessThan, i32.select, set(most)],
    ]),
    [i32.of(0), set(at)],
    repeatWhile([
      LANES.map(lane => [
        [offset(get(at)), get(message + lane), i32.add],
        [offset([get(at), get(whole + lane), i32.sub]), tailOf(lane), i32.add],
        [get(at), get(whole + lane), i32.lessThan, i32.select],
      ]),
      call(SCHEDULE),
      [i32.of(layout.any), get(blocks), get(at), v128.splat, v128.greaterThan, call(ROUNDS)],
      [get(at), i32.of(1), i32.add, tee(at), get(most), i32.lessThan],
    ]),
    again(target),
  ]
})()

/** Parameters: hashes, where theirs go, how many times four. */
const hash32: Code = (() => {
  const [source, target, fours] = [0, 1, 2]
  return repeatWhile([
    LANES.map(lane => [get(source), i32.of(lane * HASH), i32.add]),
    [call(SCHEDULE_32), call(BEGIN), roundsOf(layout.again)],
    [get(target), call(FINISH)],
    [source, target].map(local => [get(local), i32.of(4 * HASH), i32.add, set(local)]),
    [get(fours), i32.of(1), i32.sub, tee(fours)],
  ])
})()

/** The module: exports `memory`, `hash32`, which hashes once, and `hash64`, `hash80` and `hash4`. */
export function moduleBytes(): Uint8Array<ArrayBuffer> {
  const scheduleLocals = vectors(21)
  return moduleOf(layout.pages, [
    { parameters: integers(4), locals: scheduleLocals, body: scheduleOf(ANY, layout.any) },
    { parameters: integers(4), locals: scheduleLocals, body: scheduleOf(END_80, layout.end80) },
    { parameters: [], locals: vectors(16), body: scheduleAgain },
    { parameters: [I32, V128], locals: [...vectors(10), I32], body: rounds },
    { parameters: [], locals: [], body: begin },
    { parameters: [I32], locals: vectors(13), body: finish },
    { parameters: integers(3), locals: integers(2), body: tail },
    { parameters: integers(4), locals: scheduleLocals, body: scheduleOf(AGAIN, layout.again) },
    { name: 'hash32', parameters: integers(3), locals: [], body: hash32 },
    { name: 'hash64', parameters: integers(4), locals: [], body: hash64 },
    { name: 'hash80', parameters: integers(4), locals: [], body: hash80 },
    { name: 'hash4', parameters: integers(9), locals: [...integers(6), V128], body: hash4 },
  ])
}

/** Fills the tables of the module's memory. */
export function writeTables(memory: ArrayBuffer): void {
  const all = new Int32Array(memory)
  const write = (table: number, i: number, word: number): void => {
    const at = (table + i * VECTOR) >>> 2
    all.fill(word, at, at + 4)
  }
  for (let i = 0; i < 64; i += 1) write(layout.constants, i, roundConstants[i]!)
  for (let i = 0; i < 8; i += 1) write(layout.initial, i, initialState[i]!)
  for (const [table, first] of [
    [layout.again, AGAIN],
    [layout.end80, END_80],
    [layout.pad64, PAD_64],
  ] as const) {
    schedule(first).forEach((word, i) => {
      if (typeof word === 'number') write(table, i, withConstant(i, word))
    })
  }
  const bytes = new Uint8Array(memory)
  bytes.fill(0xff, layout.ones, layout.ones + BLOCK)
  bytes[layout.mark + BLOCK] = 0x80
}
