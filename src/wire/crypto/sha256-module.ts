/**
 * The WebAssembly module of `sha256d.ts`: SHA256d of one message. V8 makes rotations out of the instruction for it and
 * keeps 32 bits as they are, where JavaScript has to find that out, and forgets it again.
 */
import { beforeRounds, reversed, roundsOf, scheduled, single } from './sha256-code.js'
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

/** Locals of a compression behind the parameter: 16 words, what the rounds have, and one to spare. */
const WORDS = 1
const ROUNDS = { state: 17, different: 25 } as const
const SPARE = 27
const compressLocals = integers(27)

/** All 64 rounds, each with the word that it needs; the words that are read are in their locals. */
function rounds(first: Words): Code {
  const local = (i: number): number => WORDS + (i & 15)
  const round = roundsOf(single, ROUNDS)
  const made = schedule(first).map((value, i) => {
    if (typeof value === 'number') return round(i, i32.of(withConstant(i, value)))
    return [
      value === undefined ? [] : [scheduled(single, value, local), set(local(i))],
      round(i, [i32.of(withConstant(i, 0)), get(local(i)), i32.add]),
    ]
  })
  return [beforeRounds(single, ROUNDS), made]
}

// Functions, since a module that is only imported had better not cost anything.

/** Parameter: a block. */
const compress = (): Code => [
  [...EIGHT, ...EIGHT.map(i => i + 8)].map(i => [reversed([get(0), i32.load(4 * i)], SPARE), set(WORDS + i)]),
  EIGHT.map(i => [loadState(i), set(ROUNDS.state + i)]),
  rounds(ANY),
  EIGHT.map(i => storeState(i, [loadState(i), get(ROUNDS.state + i), i32.add])),
]

/** The hash that the state has become is the next message; its hash is written as bytes. */
const again = (): Code => [
  EIGHT.map(i => [loadState(i), set(WORDS + i)]),
  EIGHT.map(i => [i32.of(initialState[i]!), set(ROUNDS.state + i)]),
  rounds(AGAIN),
  EIGHT.map(i => storeState(i, reversed([get(ROUNDS.state + i), i32.of(initialState[i]!), i32.add], SPARE))),
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
