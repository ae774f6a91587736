import { WireError } from './error.js'

/** Bytes of the shortest input: outpoint, empty script, sequence. */
const MIN_INPUT = 41
/** Bytes of the shortest output: value, empty script. */
const MIN_OUTPUT = 9

/** Sizes below take one byte. */
const ONE_BYTE = 0xfd

/**
 * Where `count` items end: `before` bytes, a size, as many bytes, and `after` bytes each; the end of the whole buffer
 * where a size is missing, or takes other than one byte or three. What is found may lie behind that.
 */
function itemsEnd(bytes: Uint8Array, from: number, count: number, before: number, after: number): number {
  let at = from
  for (let left = count; left > 0; left -= 1) {
    at += before
    const size = bytes[at]!
    if (size < ONE_BYTE) at += 1 + size + after
    else {
      const long = bytes[at + 1]! | (bytes[at + 2]! << 8)
      if (size !== ONE_BYTE || long < ONE_BYTE) return bytes.length
      at += 3 + long + after
    }
  }
  return at
}

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
  readonly #start: number
  readonly #end: number

  /**
   * @param bytes - the payload, or what it lies in
   * @param offset - where the first transaction begins
   * @param command - the message, for errors
   * @param start - where the payload begins, from which the offsets of errors count
   * @param end - where it ends
   */
  constructor(
    bytes: Uint8Array,
    offset: number,
    command?: string | undefined,
    start = 0,
    end: number = bytes.length,
  ) {
    this.#bytes = bytes
    this.offset = offset
    this.#command = command
    this.#start = start
    this.#end = end
  }

  #fault(code: ConstructorParameters<typeof WireError>[0], detail: string, at = this.offset): WireError {
    return new WireError(code, detail, { command: this.#command, offset: at - this.#start })
  }

  /** A CompactSize; its value is not compared with what is left. */
  size(): number {
    const bytes = this.#bytes
    const start = this.offset
    const first = bytes[start]
    if (first === undefined || start >= this.#end)
      throw this.#fault('truncated', 'the bytes end before a size')
    if (first < ONE_BYTE) {
      this.offset = start + 1
      return first
    }
    if (first === 0xff) throw this.#fault('too-long', 'a size of 9 bytes is longer than any message')
    const width = first === 0xfd ? 2 : 4
    if (start + 1 + width > this.#end) throw this.#fault('truncated', 'the bytes end inside a size')
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
    const left = this.#end - this.offset
    if (count * minSize > left) {
      throw this.#fault('truncated', `${count} items announced, ${left} bytes left`, start)
    }
    return count
  }

  /** Moves over `length` bytes. */
  skip(length: number): void {
    const next = this.offset + length
    if (next > this.#end) {
      throw this.#fault('truncated', `${length} bytes wanted, ${this.#end - this.offset} left`)
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
    if (!this.#scanUsual()) this.#scanAny()
  }

  /**
   * Nearly every transaction has fewer than 253 inputs and outputs, and its sizes take one byte or three. Those are gone
   * over with an offset in a local, and with one look at the end, since offsets only grow: at half the time (measured).
   * What is unusual or wrong is left to the way that knows the faults. No byte is read far behind the end, and none at an
   * offset that is no number: V8 would be slow here ever after.
   */
  #scanUsual(): boolean {
    const bytes = this.#bytes
    let at = this.offset + 4
    const flagged = bytes[at] === 0 && bytes[at + 1] === 1
    if (flagged) at += 2
    const inputs = bytes[at]!
    if (!(inputs > 0 && inputs < ONE_BYTE)) return false
    at = itemsEnd(bytes, at + 1, inputs, 36, 4)
    const outputs = bytes[at]!
    if (!(outputs < ONE_BYTE)) return false
    at = itemsEnd(bytes, at + 1, outputs, 8, 0)
    const witness = flagged ? at : 0
    if (flagged) {
      let all = 0
      for (let left = inputs; left > 0; left -= 1) {
        const items = bytes[at]!
        if (!(items < ONE_BYTE)) return false
        all += items
        at = itemsEnd(bytes, at + 1, items, 0, 0)
      }
      if (all === 0) return false
    }
    at += 4
    if (at > this.#end) return false
    this.offset = at
    this.witness = witness
    return true
  }

  #scanAny(): void {
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
    const left = this.#end - this.offset
    if (left > 0) throw this.#fault('trailing-bytes', `${left} bytes left over`)
  }
}
