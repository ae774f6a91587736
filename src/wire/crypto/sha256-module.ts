/**
 * The WebAssembly module of `sha256d.ts`: SHA256d of one message. V8 makes rotations out of the instruction for it
 * and keeps 32 bits as they are, where JavaScript has to find that out, and forgets it again.
 */
import { AGAIN, ANY, schedule, type Words, withConstant } from './sha256-schedule.js'
import { initialState } from './small-sha256.js'
import { type Code, call, get, I32, i32, moduleOf, repeatWhile, set, tee } from './wasm.js'

/** Where things are in the module's memory, bytes. */
export const layout = {
  /** 8 words: the state, and in the end the hash, as bytes. */
  state: 0,
  /** The rest is the caller's. */
  free: 64,
  pages: 1,
} as const

const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7] as const
const integers = (count: number): number[] => new Array<number>(count).fill(I32)

const loadState = (i: number): Code => [i32.of(0), i32.load(layout.state + 4 * i)]
const storeState = (i: number, value: Code): Code => [i32.of(0), value, i32.store(layout.state + 4 * i)]
const rotate = (local: number, bits: number): Code => [get(local), i32.of(bits), i32.rotateRight]
const shift = (local: number, bits: number): Code => [get(local), i32.of(bits), i32.shiftRight]
const sigma = (local: number, first: number, second: number, third: Code): Code => [
  [rotate(local, first), rotate(local, second), i32.xor],
  [third, i32.xor],
]
const terms = {
  itself: get,
  sigma0: (local: number): Code => sigma(local, 7, 18, shift(local, 3)),
  sigma1: (local: number): Code => sigma(local, 17, 19, shift(local, 10)),
} as const

/** Turns a word around; the local `spare` is written. */
const reversed = (word: Code, spare: number): Code => [
  [word, tee(spare), i32.of(8), i32.rotateLeft, i32.of(0x00ff_00ff), i32.and],
  [get(spare), i32.of(8), i32.rotateRight, i32.of(0xff00_ff00), i32.and, i32.or],
]

/** Locals of a compression: the parameter, 16 words, the eight variables, and one to spare. */
const WORDS = 1
const STATE = 17
const SPARE = 25
const compressLocals = integers(25)

/** All 64 rounds, each with the word that it needs; the words that are read are in their locals. */
function rounds(first: Words): Code {
  const word = (i: number): number => WORDS + (i & 15)
  return schedule(first).map((value, i) => {
    const local = (letter: number): number => STATE + ((letter + 64 - i) & 7)
    const [a, b, c, d, e, f, g, h] = [
      ...[local(0), local(1), local(2), local(3)],
      ...[local(4), local(5), local(6), local(7)],
    ] as const
    let made: Code = []
    let constant = i32.of(withConstant(i, 0))
    if (typeof value === 'number') constant = i32.of(withConstant(i, value))
    else if (value !== undefined) {
      const known = value.known === 0 ? [] : [i32.of(value.known)]
      const summands = [...value.terms.map(term => terms[term.of](word(term.word))), ...known]
      made = [summands.map((summand, n) => [summand, n === 0 ? [] : i32.add]), set(word(i))]
    }
    return [
      made,
      [get(h), constant, i32.add],
      typeof value === 'number' ? [] : [get(word(i)), i32.add],
      [get(f), get(g), i32.xor, get(e), i32.and, get(g), i32.xor, i32.add],
      [sigma(e, 6, 11, rotate(e, 25)), i32.add, tee(h)],
      [get(d), i32.add, set(d)],
      [get(a), get(b), i32.or, get(c!), i32.and, get(a), get(b), i32.and, i32.or],
      [sigma(a, 2, 13, rotate(a, 22)), i32.add, get(h), i32.add, set(h)],
    ]
  })
}

// Put together when the module is: not every program that imports this hashes.

/** Parameter: a block. */
const compress = (): Code => [
  EIGHT.flatMap(i => [i, i + 8]).map(i => [reversed([get(0), i32.load(4 * i)], SPARE), set(WORDS + i)]),
  EIGHT.map(i => [loadState(i), set(STATE + i)]),
  rounds(ANY),
  EIGHT.map(i => storeState(i, [loadState(i), get(STATE + i), i32.add])),
]

/** The hash that the state has become is the next message; its hash is written as bytes. */
const again = (): Code => [
  EIGHT.map(i => [loadState(i), set(WORDS + i)]),
  EIGHT.map(i => [i32.of(initialState[i]!), set(STATE + i)]),
  rounds(AGAIN),
  EIGHT.map(i => storeState(i, reversed([get(STATE + i), i32.of(initialState[i]!), i32.add], SPARE))),
]

/** Parameters: a message and its padding, and how many blocks they are, at least one. */
const hash = (): Code => [
  EIGHT.map(i => storeState(i, i32.of(initialState[i]!))),
  repeatWhile([
    [get(0), call(0)],
    [get(0), i32.of(64), i32.add, set(0)],
    [get(1), i32.of(1), i32.sub, tee(1)],
  ]),
  [i32.of(0), call(1)],
]

/** The hash stands as bytes where the state does. */
const hash32 = (): Code => [EIGHT.map(i => storeState(i, reversed(loadState(i), 0))), get(0), call(1)]

/** The module: exports `memory`, `hash`, and `hash32`, which hashes the hash in the state's place once. */
export function moduleBytes(): Uint8Array<ArrayBuffer> {
  return moduleOf(layout.pages, [
    { parameters: [I32], locals: compressLocals, body: compress() },
    // The parameter is there so that both may use the same locals.
    { parameters: [I32], locals: compressLocals, body: again() },
    { name: 'hash', parameters: integers(2), locals: [], body: hash() },
    { name: 'hash32', parameters: [], locals: [I32], body: hash32() },
  ])
}
