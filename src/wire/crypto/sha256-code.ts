/** SHA-256 (FIPS 180-4, 4.1.2 and 6.2.2) as WebAssembly, on single words or on vectors of four. */
import type { Sum } from './sha256-schedule.js'
import { type Code, get, i32, set, tee, v128 } from './wasm.js'

/** The instructions of one kind of word. */
export interface Arithmetic {
  readonly add: Code
  readonly and: Code
  readonly xor: Code
  readonly of: (value: number) => Code
  readonly load: (offset: number) => Code
  readonly store: (offset: number) => Code
  readonly rotate: (local: number, bits: number) => Code
  readonly shift: (local: number, bits: number) => Code
}

export const single: Arithmetic = {
  add: i32.add,
  and: i32.and,
  xor: i32.xor,
  of: i32.of,
  load: i32.load,
  store: i32.store,
  rotate: (local, bits) => [get(local), i32.of(bits), i32.rotateRight],
  shift: (local, bits) => [get(local), i32.of(bits), i32.shiftRight],
}

const shiftRight = (local: number, bits: number): Code => [get(local), i32.of(bits), v128.shiftRight]
const shiftLeft = (local: number, bits: number): Code => [get(local), i32.of(bits), v128.shiftLeft]

export const four: Arithmetic = {
  add: v128.add,
  and: v128.and,
  xor: v128.xor,
  of: value => [i32.of(value), v128.splat],
  load: v128.load,
  store: v128.store,
  rotate: (local, bits) => [shiftRight(local, bits), shiftLeft(local, 32 - bits), v128.or],
  shift: shiftRight,
}

/** What `code` leaves, all added. */
const total = ({ add }: Arithmetic, code: readonly Code[]): Code =>
  code.map((one, i) => (i === 0 ? one : [one, add]))

function sigma(arithmetic: Arithmetic, local: number, first: number, second: number, third: Code): Code {
  const { rotate, xor } = arithmetic
  return [rotate(local, first), rotate(local, second), xor, third, xor]
}

/** A word of the schedule from 16 on; `local` says where an earlier one is. */
export function scheduled(
  arithmetic: Arithmetic,
  { known, terms }: Sum,
  local: (word: number) => number,
): Code {
  const made = terms.map(({ word, of }) => {
    const at = local(word)
    if (of === 'itself') return get(at)
    return of === 'sigma0'
      ? sigma(arithmetic, at, 7, 18, arithmetic.shift(at, 3))
      : sigma(arithmetic, at, 17, 19, arithmetic.shift(at, 10))
  })
  return total(arithmetic, known === 0 ? made : [...made, arithmetic.of(known)])
}

/** Locals of the rounds: the first of the eight variables, and the first of two for `b ^ c`. */
export interface RoundLocals {
  readonly state: number
  readonly different: number
}

/** Before the first round. */
export const beforeRounds = ({ xor }: Arithmetic, { state, different }: RoundLocals): Code => [
  [get(state + 1), get(state + 2), xor],
  set(different),
]

/**
 * The rounds: of each its number, and code that leaves a word of the schedule with its constant added. Instead of moving
 * the eight variables on, the next round names them one further: after eight the names are as before, and the code too.
 */
export function roundsOf(
  arithmetic: Arithmetic,
  { state, different }: RoundLocals,
): (i: number, word: Code) => Code {
  const { add, and, xor, rotate } = arithmetic
  const made = [0, 1, 2, 3, 4, 5, 6, 7].map(i => {
    const local = (letter: number): number => state + ((letter + 8 - i) & 7)
    const [a, b, d, e, f, g, h] = [
      local(0),
      local(1),
      local(3),
      local(4),
      local(5),
      local(6),
      local(7),
    ] as const
    // What is `a ^ b` now is `b ^ c` in the next round.
    const [bc, ab] = i % 2 === 0 ? [different, different + 1] : [different + 1, different]
    // g, but f where e is set.
    const choice: Code = [get(f), get(g), xor, get(e), and, get(g), xor]
    // b, but c where a differs from b and b from c: one instruction less than by `a & b`.
    const majority: Code = [get(b), get(a), get(b), xor, tee(ab), get(bc), and, xor]
    return {
      before: get(h),
      after: [
        [add, choice, add, sigma(arithmetic, e, 6, 11, rotate(e, 25)), add],
        [tee(h), get(d), add, set(d)],
        total(arithmetic, [get(h), sigma(arithmetic, a, 2, 13, rotate(a, 22)), majority]),
        set(h),
      ],
    }
  })
  return (i, word) => {
    const { before, after } = made[i & 7]!
    return [before, word, after]
  }
}

/** What `word` leaves, its bytes in the opposite order; the local `spare` is written. */
export const reversed = (word: Code, spare: number): Code => [
  [word, tee(spare), i32.of(8), i32.rotateLeft, i32.of(0x00ff_00ff), i32.and],
  [get(spare), i32.of(8), i32.rotateRight, i32.of(0xff00_ff00), i32.and, i32.or],
]
