import { WireError } from './error.js'

/** Bytes of the shortest input: outpoint, empty script, sequence. */
const MIN_INPUT = 41
/** Bytes of the shortest output: value, empty script. */
const MIN_OUTPUT = 9

/**
 * Walks over serialised transactions without making anything of them. One scan validates every count, length and flag,
 * so that all later reads at the offsets found cannot fail.
 */
export class TransactionScanner {
  /** Where the next read begins. */
  offset: number
  /** After a scan: offset of the first witness stack, 0 where the transaction has none. */
  witness = 0
  readonly #bytes: Uint8Array
  readonly #command: string | undefined

  constructor(bytes: Uint8Array, offset: number, command?: string | undefined) {
    this.#bytes = bytes
    this.offset = offset
    this.#command = command
  }

  #fault(code: ConstructorParameters<typeof WireError>[0], detail: string, offset = this.offset): WireError {
    return new WireError(code, detail, { command: this.#command, offset })
  }

  /** A CompactSize; its value is not compared with what is left. */
  size(): number {
    const bytes = this.#bytes
    const start = this.offset
    const first = bytes[start]
    if (first === undefined) throw this.#fault('truncated', 'the bytes end before a size')
    if (first < 0xfd) {
      this.offset = start + 1
      return first
    }
    if (first === 0xff) throw this.#fault('too-long', 'a size of 9 bytes is longer than any message')
    const width = first === 0xfd ? 2 : 4
    if (start + 1 + width > bytes.length) throw this.#fault('truncated', 'the bytes end inside a size')
    let value = bytes[start + 1]! | (bytes[start + 2]! << 8)
    if (width === 4) value = (value | (bytes[start + 3]! << 16) | (bytes[start + 4]! << 24)) >>> 0
    if (value < (width === 2 ? 0xfd : 0x1_0000)) {
      throw this.#fault('non-canonical-size', `${value} written in ${width + 1} bytes`)
    }
    this.offset = start + 1 + width
    return value
  }

  /** A count of items of at least `minSize` bytes each; refused where the rest cannot hold as many. */
  count(minSize: number): number {
    const start = this.offset
    const count = this.size()
    const left = this.#bytes.length - this.offset
    if (count * minSize > left) {
      throw this.#fault('truncated', `${count} items announced, ${left} bytes left`, start)
    }
    return count
  }

  /** Moves over `length` bytes. */
  skip(length: number): void {
    const next = this.offset + length
    if (next > this.#bytes.length) {
      throw this.#fault('truncated', `${length} bytes wanted, ${this.#bytes.length - this.offset} left`)
    }
    this.offset = next
  }

  /** Moves over one witness stack; returns how many items it has. */
  skipStack(): number {
    const items = this.count(1)
    for (let left = items; left > 0; left -= 1) this.skip(this.size())
    return items
  }

  #skipInputs(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.skip(36)
      this.skip(this.size() + 4)
    }
  }

  #skipOutputs(): void {
    for (let left = this.count(MIN_OUTPUT); left > 0; left -= 1) {
      this.skip(8)
      this.skip(this.size())
    }
  }

  /**
   * Moves over one transaction, by Core's rules for the extended form (BIP144): an input count of 0 is the marker of a
   * witness, and the byte behind it holds flags, of which only bit 0 is known. With flags 0 it is a transaction
   * without inputs and outputs.
   */
  scan(): void {
    this.witness = 0
    this.skip(4)
    const inputs = this.count(MIN_INPUT)
    if (inputs > 0) {
      this.#skipInputs(inputs)
      this.#skipOutputs()
    } else {
      const flagAt = this.offset
      this.skip(1)
      const flags = this.#bytes[flagAt]!
      if (flags !== 0) this.#scanWitnessForm(flags, flagAt)
    }
    this.skip(4)
  }

  #scanWitnessForm(flags: number, flagAt: number): void {
    if (flags !== 1) throw this.#fault('bad-flag', `unknown transaction flags ${flags}`, flagAt)
    const inputs = this.count(MIN_INPUT)
    this.#skipInputs(inputs)
    this.#skipOutputs()
    this.witness = this.offset
    let items = 0
    for (let left = inputs; left > 0; left -= 1) items += this.skipStack()
    if (items === 0) throw this.#fault('bad-flag', 'a witness is announced and every stack is empty', flagAt)
  }

  /** Checks that nothing is left. */
  end(): void {
    const left = this.#bytes.length - this.offset
    if (left > 0) throw this.#fault('trailing-bytes', `${left} bytes left over`)
  }
}
