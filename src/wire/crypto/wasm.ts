/**
 * A small assembler for WebAssembly: a module is put together from its instructions, by which it can be read and
 * changed. Encodings are those of the WebAssembly core specification, chapter 5, and of its vector instructions
 * (prefix 0xfd).
 */

/** Encoded instructions; nested, since to join arrays again and again costs more than to compile them. */
export type Code = number | readonly Code[]

export const I32 = 0x7f
export const V128 = 0x7b

/** Unsigned LEB128. */
function uleb(value: number): Code {
  return value < 0x80 ? value : [(value & 0x7f) | 0x80, uleb(value >>> 7)]
}

/** Signed LEB128 of a signed 32-bit number. */
function sleb(value: number): Code {
  return value >= -0x40 && value < 0x40 ? value & 0x7f : [(value & 0x7f) | 0x80, sleb(value >> 7)]
}

/** Locals, parameters first. */
export const get = (local: number): Code => [0x20, uleb(local)]
export const set = (local: number): Code => [0x21, uleb(local)]
export const tee = (local: number): Code => [0x22, uleb(local)]

export const call = (index: number): Code => [0x10, uleb(index)]

/** `body` again and again, as long as the number that it leaves is not 0. */
export const repeatWhile = (body: Code): Code => [0x03, 0x40, body, 0x0d, 0x00, 0x0b]

/** Instructions on 32-bit numbers. */
export const i32 = {
  of: (value: number): Code => [0x41, sleb(value | 0)],
  /** At the address on the stack and `offset`; no alignment is claimed. */
  load: (offset: number): Code => [0x28, 0, uleb(offset)],
  store: (offset: number): Code => [0x36, 0, uleb(offset)],
  /** The first of two values where the number behind them is not 0, else the second. */
  select: 0x1b,
  lessThan: 0x49,
  add: 0x6a,
  sub: 0x6b,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shiftLeft: 0x74,
  shiftRight: 0x76,
  rotateLeft: 0x77,
  rotateRight: 0x78,
} as const

const vector = (opcode: number, ...immediates: Code[]): Code => [0xfd, uleb(opcode), immediates]

/** Instructions on vectors of four 32-bit numbers. */
export const v128 = {
  load: (offset: number): Code => vector(0x00, 0, uleb(offset)),
  store: (offset: number): Code => vector(0x0b, 0, uleb(offset)),
  of: (bytes: readonly number[]): Code => vector(0x0c, bytes),
  shuffle: (bytes: readonly number[]): Code => vector(0x0d, bytes),
  swizzle: vector(0x0e),
  splat: vector(0x11),
  replaceLane: (lane: number): Code => vector(0x1c, lane),
  greaterThan: vector(0x3b),
  and: vector(0x4e),
  or: vector(0x50),
  xor: vector(0x51),
  select: vector(0x52),
  shiftLeft: vector(0xab),
  shiftRight: vector(0xad),
  add: vector(0xae),
} as const

/** A function without result: its index is its place among those of the module. */
export interface Func {
  /** Exported where it has one. */
  readonly name?: string
  readonly parameters: readonly number[]
  /** Behind the parameters. */
  readonly locals: readonly number[]
  readonly body: Code
}

function write(code: Code, out: number[]): void {
  if (typeof code === 'number') out.push(code)
  else for (let i = 0; i < code.length; i += 1) write(code[i]!, out)
}

function flat(code: Code): number[] {
  const out: number[] = []
  write(code, out)
  return out
}

function sized(code: Code): Code {
  const bytes = flat(code)
  return [uleb(bytes.length), bytes]
}

const list = (items: readonly Code[]): Code => [uleb(items.length), items]
const nameOf = (text: string): Code => list(Array.from(text, character => character.charCodeAt(0)))

/** A module: exports the functions that have a name, and `memory` of so many pages. */
export function moduleOf(pages: number, functions: readonly Func[]): Uint8Array<ArrayBuffer> {
  const exported = functions.flatMap(({ name }, index) =>
    name === undefined ? [] : [[nameOf(name), 0, uleb(index)]],
  )
  const sections = [
    [1, functions.map(({ parameters }) => [0x60, list(parameters), 0])],
    [3, functions.map((_, index) => uleb(index))],
    [5, [[0, uleb(pages)]]],
    [7, [[nameOf('memory'), 2, 0], ...exported]],
    [10, functions.map(({ locals, body }) => sized([list(locals.map(type => [1, type])), body, 0x0b]))],
  ] as const
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      sections.map(([id, items]) => [id, sized(list(items))]),
    ]),
  )
}
