/**
 * The WebAssembly module of `sha256-lanes.ts`: five SHA-256 states side by side, four in the lanes of vectors and one in
 * plain numbers, so that one pass compresses a block of each. What bounds it is the number of vector instructions, about
 * 3,200 a pass at three a cycle; the instructions on numbers run beside them, in units that vectors leave alone. The
 * fifth lane is free (measured: 211 ns for the rounds of four lanes, 210 for five, 295 for six). Blocks of which words
 * are known have schedules of their own, since every instruction less is time less.
 */
import { type Arithmetic, beforeRounds, four, reversed, roundsOf, scheduled, single } from './sha256-code.js'
import { AGAIN, ANY, END_80, PAD_64, schedule, type Words, withConstant } from './sha256-schedule.js'
import { initialState } from './small-sha256.js'
import { type Code, call, get, I32, i32, moduleOf, repeatWhile, set, tee, V128, v128 } from './wasm.js'

/** A word of each lane: a vector for the four, a number for the fifth, and nothing. */
const ENTRY = 32
const FIFTH = 16
const TABLE = 64 * ENTRY

/** Where things are in the module's memory, bytes. */
export const layout = {
  /** 64 vectors: the round constants. */
  constants: 0,
  /** Schedules, 64 entries with the round constants added: of any block, */
  any: TABLE,
  /** of the hash that is hashed again, */
  again: 2 * TABLE,
  /** of the last 16 bytes of 80, */
  end80: 3 * TABLE,
  /** and of the block that pads 64 bytes, always the same. */
  pad64: 4 * TABLE,
  /** 8 entries: the states before the first block. */
  initial: 5 * TABLE,
  /** 8 entries: the states. */
  states: 5 * TABLE + 256,
  /** 64 bytes of ones and 64 of zeros: from 64 - n on, a mask of n bytes. */
  ones: 5 * TABLE + 512,
  /** 64 zeros, 0x80 and 63 zeros: from 64 - n on, the mark behind n bytes. */
  mark: 5 * TABLE + 640,
  /** Room for the last two blocks of each lane's message. */
  tails: 5 * TABLE + 768,
  /** The rest is the caller's. */
  free: 6 * TABLE,
  pages: 4,
} as const

const FOUR = [0, 1, 2, 3] as const
const FIVE = [...FOUR, 4] as const
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7] as const
const BLOCK = 64
const TAIL = 2 * BLOCK
const HASH = 32
const vectors = (count: number): number[] => new Array<number>(count).fill(V128)
const integers = (count: number): number[] => new Array<number>(count).fill(I32)

/** Entry `i` of a table: the vector of it, or the number. */
const entryAt = (table: number, i: number, kind: Arithmetic): number =>
  table + i * ENTRY + (kind === four ? 0 : FIFTH)
const load = (kind: Arithmetic, table: number, i: number): Code => [
  i32.of(0),
  kind.load(entryAt(table, i, kind)),
]
const store = (kind: Arithmetic, table: number, i: number, value: Code): Code => [
  [i32.of(0), value],
  kind.store(entryAt(table, i, kind)),
]
const both = (make: (kind: Arithmetic) => Code): Code => [make(four), make(single)]

/** Locals of words: the first of 16 vectors, and the first of 16 numbers. */
interface WordLocals {
  readonly four: number
  readonly single: number
}
const localOf = (words: WordLocals, kind: Arithmetic, i: number): number =>
  (kind === four ? words.four : words.single) + (i & 15)

// Functions all through, since a module that is only imported had better not cost anything.

/** Writes the schedule of blocks whose read words are in their locals, to `table`. */
function extend(first: Words, table: number, words: WordLocals): Code {
  return schedule(first).map((word, i) => {
    if (typeof word === 'number') return []
    return both(kind => {
      const local = (n: number): number => localOf(words, kind, n)
      const value = word === undefined ? get(local(i)) : [scheduled(kind, word, local), tee(local(i))]
      const constant =
        kind === four ? [i32.of(0), v128.load(layout.constants + 16 * i)] : i32.of(withConstant(i, 0))
      return store(kind, table, i, [value, constant, kind.add])
    })
  })
}

/** Indices of bytes that turn each word around. */
const turned = v128.of([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12])
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

/** Parameters: the addresses of five blocks. Writes their schedule. */
function scheduleOf(first: Words, table: number): Code {
  const words = { four: 5, single: 26 }
  const [spare, mask, spareNumber] = [21, 25, 42]
  return [
    [turned, set(mask)],
    [0, 4, 8, 12]
      .filter(i => first[i] === undefined)
      .map(i => [
        FOUR.map(lane => [get(lane), v128.load(4 * i), get(mask), v128.swizzle, set(words.four + i + lane)]),
        transpose(words.four + i, spare),
        FOUR.map(n => [reversed([get(4), i32.load(4 * (i + n))], spareNumber), set(words.single + i + n)]),
      ]),
    extend(first, table, words),
  ]
}
const scheduleLocals = [...vectors(21), ...integers(17)]

/** The hashes that the states have become are the next message. */
function scheduleAgain(): Code {
  const words = { four: 0, single: 16 }
  return [
    EIGHT.map(i => both(kind => [load(kind, layout.states, i), set(localOf(words, kind, i))])),
    extend(AGAIN, layout.again, words),
  ]
}

const begin = (): Code =>
  EIGHT.map(i => both(kind => store(kind, layout.states, i, load(kind, layout.initial, i))))

/** Rounds in a turn of the loop. All 64 in one are no faster. */
const UNROLLED = 8

/** Parameters: where the schedule is, and of which lanes the states are to change: a mask of the four, and of the fifth. */
function rounds(): Code {
  const [schedule, changedFour, changedFifth, end] = [0, 1, 2, 23]
  const locals = (kind: Arithmetic) =>
    kind === four ? { state: 3, different: 11 } : { state: 13, different: 21 }
  const [roundOfFour, roundOfSingle] = [roundsOf(four, locals(four)), roundsOf(single, locals(single))]
  const roundOf = (kind: Arithmetic) => (kind === four ? roundOfFour : roundOfSingle)
  const changed = (kind: Arithmetic): number => (kind === four ? changedFour : changedFifth)
  return [
    EIGHT.map(i => both(kind => [load(kind, layout.states, i), set(locals(kind).state + i)])),
    both(kind => beforeRounds(kind, locals(kind))),
    [get(schedule), i32.of(TABLE), i32.add, set(end)],
    repeatWhile([
      Array.from({ length: UNROLLED }, (_, i) =>
        both(kind => roundOf(kind)(i, [get(schedule), kind.load(entryAt(0, i, kind))])),
      ),
      [get(schedule), i32.of(UNROLLED * ENTRY), i32.add, tee(schedule), get(end), i32.lessThan],
    ]),
    EIGHT.map(i =>
      both(kind =>
        store(kind, layout.states, i, [
          load(kind, layout.states, i),
          [get(locals(kind).state + i), get(changed(kind)), kind.and, kind.add],
        ]),
      ),
    ),
  ]
}
const roundsLocals = [...vectors(10), ...integers(11)]

/** Parameter: where the states go as hashes, one behind the other. */
function finish(): Code {
  const [words, spare, mask, spareNumber] = [1, 9, 13, 14]
  return [
    [turned, set(mask)],
    EIGHT.map(i => [load(four, layout.states, i), set(words + i)]),
    [0, 4].map(i => [
      transpose(words + i, spare),
      FOUR.map(lane => [
        [get(0), get(words + i + lane), get(mask), v128.swizzle],
        v128.store(HASH * lane + 4 * i),
      ]),
    ]),
    EIGHT.map(i => [
      [get(0), reversed(load(single, layout.states, i), spareNumber)],
      i32.store(HASH * 4 + 4 * i),
    ]),
  ]
}

/** Parameters: a message, its bytes, and where its last one or two blocks go. */
function tail(): Code {
  const [message, size, to, rest, bits, spare] = [0, 1, 2, 3, 4, 5]
  return [
    [get(size), i32.of(BLOCK - 1), i32.and, set(rest)],
    [get(message), get(size), i32.add, get(rest), i32.sub, set(message)],
    [get(size), i32.of(3), i32.shiftLeft, set(bits)],
    [i32.of(BLOCK), get(rest), i32.sub, set(size)],
    FOUR.map(i => [
      [get(to), get(message), v128.load(16 * i)],
      [get(size), v128.load(layout.ones + 16 * i), v128.and],
      [get(size), v128.load(layout.mark + 16 * i), v128.or, v128.store(16 * i)],
    ]),
    // The length in bits needs 8 bytes behind the mark: with more than 55 bytes in the block it goes to the next.
    [get(to), get(rest), i32.of(8), i32.add, i32.of(BLOCK), i32.and, i32.add],
    [reversed(get(bits), spare), i32.store(BLOCK - 4)],
  ]
}

/** Indices of the functions of the module. */
const SCHEDULE = 0
const SCHEDULE_80 = 1
const SCHEDULE_32 = 2
const SCHEDULE_AGAIN = 3
const ROUNDS = 4
const BEGIN = 5
const FINISH = 6
const TAIL_OF = 7

const allFour = v128.of(new Array<number>(16).fill(0xff))
const roundsOver = (table: number): Code => [i32.of(table), allFour, i32.of(-1), call(ROUNDS)]
/** Hashes the hashes, and writes them to the address in the local `to`. */
const again = (to: number): Code => [
  [call(SCHEDULE_AGAIN), call(BEGIN), roundsOver(layout.again)],
  [get(to), call(FINISH)],
]

/** The addresses of five messages or blocks, `offset` behind their beginnings. */
const addresses = (source: number, stride: number, offset: number): Code =>
  FIVE.map(lane => [
    get(source),
    FIVE.slice(0, lane).map(() => [get(stride), i32.add]),
    [i32.of(offset), i32.add],
  ])

/** Parameters: messages, bytes from one to the next, where the hashes go, how many times five. */
function inFives(make: (source: number, stride: number, target: number) => Code): Code {
  const [source, stride, target, fives] = [0, 1, 2, 3]
  return repeatWhile([
    make(source, stride, target),
    [get(source), FIVE.map(() => [get(stride), i32.add]), set(source)],
    [get(target), i32.of(FIVE.length * HASH), i32.add, set(target)],
    [get(fives), i32.of(1), i32.sub, tee(fives)],
  ])
}

const first = (source: number, stride: number): Code => [
  [call(BEGIN), addresses(source, stride, 0), call(SCHEDULE)],
  roundsOver(layout.any),
]
const hash32 = (): Code =>
  inFives((source, stride, target) => [
    [addresses(source, stride, 0), call(SCHEDULE_32)],
    [call(BEGIN), roundsOver(layout.again), get(target), call(FINISH)],
  ])
const hash64 = (): Code =>
  inFives((source, stride, target) => [first(source, stride), roundsOver(layout.pad64), again(target)])
const hash80 = (): Code =>
  inFives((source, stride, target) => [
    first(source, stride),
    [addresses(source, stride, BLOCK), call(SCHEDULE_80), roundsOver(layout.end80)],
    again(target),
  ])

/**
 * Parameters: five messages, the bytes of each, where the hashes go. Lanes whose message has fewer blocks idle, so the
 * caller had better take messages of about the same length.
 */
function hash5(): Code {
  const [message, size, target, whole, at, most, blocks] = [0, 5, 10, 11, 16, 17, 18]
  const blocksOf = (lane: number): Code => [get(size + lane), i32.of(72), i32.add, i32.of(6), i32.shiftRight]
  const offset = (from: Code): Code => [from, i32.of(6), i32.shiftLeft]
  const tailOf = (lane: number): Code => i32.of(layout.tails + lane * TAIL)
  return [
    call(BEGIN),
    FIVE.map(lane => [
      [get(message + lane), get(size + lane), tailOf(lane), call(TAIL_OF)],
      [get(size + lane), i32.of(6), i32.shiftRight, set(whole + lane)],
    ]),
    [blocksOf(0), v128.splat, [1, 2, 3].map(lane => [blocksOf(lane), v128.replaceLane(lane)]), set(blocks)],
    FIVE.map(lane => [
      [blocksOf(lane), tee(at), get(most)],
      [get(most), get(at), i32.lessThan, i32.select, set(most)],
    ]),
    [i32.of(0), set(at)],
    repeatWhile([
      FIVE.map(lane => [
        [offset(get(at)), get(message + lane), i32.add],
        [offset([get(at), get(whole + lane), i32.sub]), tailOf(lane), i32.add],
        [get(at), get(whole + lane), i32.lessThan, i32.select],
      ]),
      call(SCHEDULE),
      [i32.of(layout.any), get(blocks), get(at), v128.splat, v128.greaterThan],
      [i32.of(0), get(at), blocksOf(4), i32.lessThan, i32.sub, call(ROUNDS)],
      [get(at), i32.of(1), i32.add, tee(at), get(most), i32.lessThan],
    ]),
    again(target),
  ]
}

/** The module: exports `memory`, `hash32`, which hashes once, and `hash64`, `hash80` and `hash5`. */
export function moduleBytes(): Uint8Array<ArrayBuffer> {
  return moduleOf(layout.pages, [
    { parameters: integers(5), locals: scheduleLocals, body: scheduleOf(ANY, layout.any) },
    { parameters: integers(5), locals: scheduleLocals, body: scheduleOf(END_80, layout.end80) },
    { parameters: integers(5), locals: scheduleLocals, body: scheduleOf(AGAIN, layout.again) },
    { parameters: [], locals: [...vectors(16), ...integers(16)], body: scheduleAgain() },
    { parameters: [I32, V128, I32], locals: roundsLocals, body: rounds() },
    { parameters: [], locals: [], body: begin() },
    { parameters: [I32], locals: [...vectors(13), I32], body: finish() },
    { parameters: integers(3), locals: integers(3), body: tail() },
    { name: 'hash32', parameters: integers(4), locals: [], body: hash32() },
    { name: 'hash64', parameters: integers(4), locals: [], body: hash64() },
    { name: 'hash80', parameters: integers(4), locals: [], body: hash80() },
    { name: 'hash5', parameters: integers(11), locals: [...integers(7), V128], body: hash5() },
  ])
}

/** Fills the tables of the module's memory. */
export function writeTables(memory: ArrayBuffer): void {
  const words = new Int32Array(memory)
  const write = (table: number, i: number, word: number): void => {
    const at = (table + i * ENTRY) >>> 2
    words.fill(word, at, at + FIVE.length)
  }
  for (let i = 0; i < 64; i += 1) {
    const at = (layout.constants + 16 * i) >>> 2
    words.fill(withConstant(i, 0), at, at + FOUR.length)
  }
  for (const i of EIGHT) write(layout.initial, i, initialState[i]!)
  for (const [table, known] of [
    [layout.again, AGAIN],
    [layout.end80, END_80],
    [layout.pad64, PAD_64],
  ] as const) {
    schedule(known).forEach((word, i) => {
      if (typeof word === 'number') write(table, i, withConstant(i, word))
    })
  }
  const bytes = new Uint8Array(memory)
  bytes.fill(0xff, layout.ones, layout.ones + BLOCK)
  bytes[layout.mark + BLOCK] = 0x80
}
