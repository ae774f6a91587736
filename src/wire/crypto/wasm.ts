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

/** What is written so far. Once through the code and no copy: a module is put together while somebody waits for it. */
class Output {
  #bytes = new Uint8Array(65_536)
  #length = 0

  code(code: Code): void {
    if (typeof code === 'number') this.#byte(code)
    else for (let i = 0; i < code.length; i += 1) this.code(code[i]!)
  }

  /** What `write` writes, behind its size; that takes 5 bytes, as every size may, since it is known only afterwards. */
  sized(write: () => void): void {
    const at = this.#length
    for (let i = 0; i < 5; i += 1) this.#byte(0)
    write()
    const size = this.#length - at - 5
    for (let i = 0; i < 5; i += 1) this.#bytes[at + i] = ((size >>> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0)
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  #byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#length] = value
    this.#length += 1
  }
}

const list = (items: readonly Code[]): Code => [uleb(items.length), items]
const nameOf = (text: string): Code => list(Array.from(text, character => character.charCodeAt(0)))

/** A module: exports the functions that have a name, and `memory` of so many pages. */
export function moduleOf(pages: number, functions: readonly Func[]): Uint8Array<ArrayBuffer> {
  const exported = functions.flatMap(({ name }, index) =>
    name === undefined ? [] : [[nameOf(name), 0, uleb(index)]],
  )
  const out = new Output()
  const section = (id: number, write: () => void): void => {
    out.code(id)
    out.sized(write)
  }
  out.code([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])
  section(1, () => out.code(list(functions.map(({ parameters }) => [0x60, list(parameters), 0]))))
  section(3, () => out.code(list(functions.map((_, index) => uleb(index)))))
  section(5, () => out.code(list([[0, uleb(pages)]])))
  section(7, () => out.code(list([[nameOf('memory'), 2, 0], ...exported])))
  section(10, () => {
    out.code(uleb(functions.length))
    for (const { locals, body } of functions) {
      out.sized(() => out.code([list(locals.map(type => [1, type])), body, 0x0b]))
    }
  })
  return out.finish()
}
