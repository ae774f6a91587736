import { readU32 } from './bytes.js'
import { commandField } from './command-field.js'

/** More than twice the names that there are, so that a search is over after a step or two. */
const SLOTS = 128

/** The slot where the search for a command begins: the topmost bits of a product, which every byte has a part in. */
const slotOf = (first: number, second: number, third: number): number =>
  (Math.imul(first ^ Math.imul(second, 0x2545_f491) ^ Math.imul(third, 0x27d4_eb2f), 0x9e37_79b1) >>> 25) %
  SLOTS

/**
 * Finds what belongs to the command field of a frame by its three words, where it lies: no text is made of it, and the
 * 12 bytes are compared as they are, the padding too.
 */
export class CommandTable<T> {
  readonly #words = new Int32Array(3 * SLOTS)
  readonly #rows: (T | undefined)[] = Array<undefined>(SLOTS).fill(undefined)

  /** @param rows - by name: 1 to 12 ASCII characters, far fewer than {@link SLOTS} of them */
  constructor(rows: Iterable<readonly [name: string, row: T]>) {
    for (const [name, row] of rows) {
      const bytes = commandField(name)
      const words = [0, 4, 8].map(at => readU32(bytes, at) | 0)
      const [first = 0, second = 0, third = 0] = words
      let slot = slotOf(first, second, third)
      while (this.#rows[slot] !== undefined) slot = (slot + 1) % SLOTS
      this.#rows[slot] = row
      this.#words.set(words, 3 * slot)
    }
  }

  /** The row of the command field at `offset`, which lies in `bytes`; `undefined` where no name is there. */
  at(bytes: Uint8Array, offset: number): T | undefined {
    const first = readU32(bytes, offset) | 0
    const second = readU32(bytes, offset + 4) | 0
    const third = readU32(bytes, offset + 8) | 0
    const words = this.#words
    for (let slot = slotOf(first, second, third); ; slot = (slot + 1) % SLOTS) {
      const row = this.#rows[slot]
      if (row === undefined) return undefined
      const at = 3 * slot
      if (words[at] === first && words[at + 1] === second && words[at + 2] === third) return row
    }
  }
}
