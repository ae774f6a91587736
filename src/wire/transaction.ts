import { readU32 } from './bytes.js'
import type { Codec, Plain, PlainLimits } from './codec.js'
import { plainBytes, plainList } from './codec.js'
import { Writer } from './cursor.js'
import { HASH_SIZE, type Hash, sha256d } from './hash.js'
import { toHex } from './hex.js'
import type { List } from './list.js'
import { TransactionScanner } from './transaction-scanner.js'

/** The output that an input spends. */
export interface Outpoint {
  /** txid of the spent transaction, wire order; zero in a coinbase. */
  readonly txid: Hash
  /** Index of the output; 0xffffffff in a coinbase. */
  readonly index: number
}

/** An input, as literals give it and decoded transactions show it. */
export interface TransactionInput {
  /** The output that is spent. */
  readonly outpoint: Outpoint
  /** The spender's script; empty where the witness answers for it. In a coinbase, free data. */
  readonly scriptSig: Uint8Array
  /** Relative lock time and replaceability (BIP68, BIP125); 0xffffffff for neither. 32 bits, unsigned. */
  readonly sequence: number
  /** The witness stack, bottom first; empty where the input has none (BIP144). */
  readonly witness: List<Uint8Array>
}

/** An output. */
export interface TransactionOutput {
  /** Satoshi; signed 64 bits on the wire. */
  readonly value: bigint
  /** What a spender has to satisfy. */
  readonly scriptPubKey: Uint8Array
}

/** The fields of a transaction. */
export interface TransactionFields {
  /** Rules that the transaction asks for; signed 32 bits. */
  readonly version: number
  /** What is spent. */
  readonly inputs: List<TransactionInput>
  /** What is made. */
  readonly outputs: List<TransactionOutput>
  /** Block height below 500,000,000, else seconds since 1970, before which no block may hold it; 0 for none. */
  readonly lockTime: number
}

/**
 * The bytes of a transaction, and the memory that they lie in: a view made over that takes half the time of one over
 * another view (measured).
 */
interface Source {
  readonly bytes: Uint8Array
  readonly memory: ArrayBufferLike
  /** Where the bytes begin in the memory. */
  readonly base: number
}

/** What a view of no bytes costs is spared: the scripts of most inputs are empty since segwit. */
const none = new Uint8Array(0)
const part = ({ memory, base }: Source, start: number, end: number): Uint8Array =>
  start === end ? none : new Uint8Array(memory, base + start, end - start)

/** The CompactSize at `at`, which was validated: at most 4 bytes of it count. */
function sizeAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0xfd) return first
  const low = bytes[at + 1]! | (bytes[at + 2]! << 8)
  return first === 0xfd ? low : (low | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 24)) >>> 0
}

/** Where what is behind that CompactSize begins. */
function behindSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  return at + (first < 0xfd ? 1 : first === 0xfd ? 3 : 5)
}

/** An input over the transaction's bytes: `hash · u32 index · varbytes script · u32 sequence`. */
class InputView implements TransactionInput {
  readonly #source: Source
  readonly #start: number
  readonly #script: number
  readonly #end: number
  readonly #witness: number

  constructor(source: Source, start: number, script: number, end: number, witness: number) {
    this.#source = source
    this.#start = start
    this.#script = script
    this.#end = end
    this.#witness = witness
  }

  get outpoint(): Outpoint {
    const { bytes, memory, base } = this.#source
    return {
      txid: new Uint8Array(memory, base + this.#start, HASH_SIZE),
      index: readU32(bytes, this.#start + HASH_SIZE),
    }
  }

  get scriptSig(): Uint8Array {
    return part(this.#source, this.#script, this.#end - 4)
  }

  get sequence(): number {
    return readU32(this.#source.bytes, this.#end - 4)
  }

  get witness(): readonly Uint8Array[] {
    if (this.#witness === 0) return []
    const source = this.#source
    const { bytes } = source
    const items: Uint8Array[] = []
    let at = behindSize(bytes, this.#witness)
    for (let left = sizeAt(bytes, this.#witness); left > 0; left -= 1) {
      const start = behindSize(bytes, at)
      at = start + sizeAt(bytes, at)
      items.push(part(source, start, at))
    }
    return items
  }
}

/** An output over the transaction's bytes: `i64 value · varbytes script`. */
class OutputView implements TransactionOutput {
  readonly #source: Source
  readonly #start: number
  readonly #script: number
  readonly #end: number

  constructor(source: Source, start: number, script: number, end: number) {
    this.#source = source
    this.#start = start
    this.#script = script
    this.#end = end
  }

  get value(): bigint {
    const { bytes } = this.#source
    const low = readU32(bytes, this.#start)
    const high = readU32(bytes, this.#start + 4) | 0
    // Money fits 51 bits; only the values that no one can own need the slow way.
    if (high >= 0 && high < 0x20_0000) return BigInt(high * 0x1_0000_0000 + low)
    return (BigInt(high) << 32n) | BigInt(low)
  }

  get scriptPubKey(): Uint8Array {
    return part(this.#source, this.#script, this.#end)
  }
}

interface Parts {
  readonly inputs: readonly TransactionInput[]
  readonly outputs: readonly TransactionOutput[]
}

/**
 * A transaction over its bytes. Its structure was validated when it was decoded, so reading any part cannot fail;
 * inputs and outputs become objects on first access, and ids are hashed once, straight from the bytes.
 */
export class Transaction implements TransactionFields {
  /**
   * The serialised transaction as received, witness included; a view: copy it to keep it for long. A field and no
   * getter, since to the assertions of test runners two objects without fields are equal.
   */
  readonly bytes: Uint8Array
  /** Offset of the first witness stack, 0 where there is no witness. */
  readonly #witness: number
  /** What the bytes lie in, and where, as far as whoever made it knew: to ask a view costs as much as to make one. */
  #memory: ArrayBufferLike | undefined
  #base = 0
  #parts: Parts | undefined
  #txid: Hash | undefined
  #wtxid: Hash | undefined

  /** Use {@link Transaction.decode} or {@link Transaction.from}; the offset must come from a scan of the bytes. */
  private constructor(bytes: Uint8Array, witness: number) {
    this.bytes = bytes
    this.#witness = witness
  }

  /**
   * Decodes exactly one transaction, with or without witness (BIP144).
   * @throws WireError where the bytes are no transaction, or more than one
   */
  static decode(bytes: Uint8Array): Transaction {
    const scanner = new TransactionScanner(bytes, 0, 'tx')
    scanner.scan()
    scanner.end()
    return new Transaction(bytes, scanner.witness)
  }

  /** The transaction that a scan found at these offsets of `buffer`. Unchecked: for decoders inside the library. */
  static at(buffer: Uint8Array, start: number, end: number, witness: number): Transaction {
    return new Transaction(buffer.subarray(start, end), witness === 0 ? 0 : witness - start)
  }

  /** The same where `buffer` begins at `base` of `memory`. */
  static inMemory(
    memory: ArrayBufferLike,
    base: number,
    start: number,
    end: number,
    witness: number,
  ): Transaction {
    const bytes = new Uint8Array(memory, base + start, end - start)
    const tx = new Transaction(bytes, witness === 0 ? 0 : witness - start)
    tx.#memory = memory
    tx.#base = base + start
    return tx
  }

  /**
   * Serialises `fields`, in witness form where any input has a non-empty stack.
   * @throws WireError `bad-value` for what does not fit, and for outputs without any input: an input count of 0 is the
   * marker of the witness form, so they would be read as something else
   */
  static from(fields: TransactionFields): Transaction {
    const writer = new Writer({ command: 'tx' })
    if (fields.inputs.length === 0 && fields.outputs.length > 0) {
      throw writer.fault('bad-value', 'a transaction with outputs needs an input')
    }
    const witness = Array.from(fields.inputs).some(input => input.witness.length > 0)
    writer.i32(fields.version)
    if (witness) writer.raw(Uint8Array.of(0, 1))
    writer.compactSize(fields.inputs.length)
    for (const { outpoint, scriptSig, sequence } of fields.inputs) {
      if (outpoint.txid.length !== 32) throw writer.fault('bad-value', 'a txid has 32 bytes')
      writer.raw(outpoint.txid)
      writer.u32(outpoint.index)
      writer.varBytes(scriptSig, Number.POSITIVE_INFINITY)
      writer.u32(sequence)
    }
    writer.compactSize(fields.outputs.length)
    for (const { value, scriptPubKey } of fields.outputs) {
      writer.i64(value)
      writer.varBytes(scriptPubKey, Number.POSITIVE_INFINITY)
    }
    if (witness) {
      for (const input of fields.inputs) {
        writer.compactSize(input.witness.length)
        for (const item of input.witness) writer.varBytes(item, Number.POSITIVE_INFINITY)
      }
    }
    writer.u32(fields.lockTime)
    return Transaction.decode(writer.finish())
  }

  /** Rules that the transaction asks for; signed 32 bits. */
  get version(): number {
    return readU32(this.bytes, 0) | 0
  }

  /** Block height below 500,000,000, else seconds since 1970, before which no block may hold it; 0 for none. */
  get lockTime(): number {
    return readU32(this.bytes, this.bytes.length - 4)
  }

  /** Whether it is in witness form. */
  get hasWitness(): boolean {
    return this.#witness !== 0
  }

  /** What is spent; read at the first access and kept. */
  get inputs(): readonly TransactionInput[] {
    return this.#read().inputs
  }

  /** What is made; read at the first access and kept. */
  get outputs(): readonly TransactionOutput[] {
    return this.#read().outputs
  }

  /** Whether it is the first transaction of a block: its one input spends nothing. */
  get isCoinbase(): boolean {
    const [only, ...others] = this.inputs
    return (
      only !== undefined &&
      others.length === 0 &&
      only.outpoint.index === 0xffff_ffff &&
      only.outpoint.txid.every(byte => byte === 0)
    )
  }

  /** The form without witness; the bytes themselves where there is none. */
  get stripped(): Uint8Array {
    if (this.#witness === 0) return this.bytes
    const stripped = new Uint8Array(this.strippedSize)
    this.writeStripped(stripped, 0)
    return stripped
  }

  /** Bytes of the form without witness. */
  get strippedSize(): number {
    // Without marker and flag, and without everything from the first stack up to the lock time.
    return this.#witness === 0 ? this.bytes.length : this.#witness - 2 + 4
  }

  /** Writes the form without witness at `offset` of `target`, which has room for `strippedSize` bytes. */
  writeStripped(target: Uint8Array, offset: number): void {
    const { bytes } = this
    const witness = this.#witness
    if (witness === 0) {
      target.set(bytes, offset)
      return
    }
    const lockTime = offset + witness - 2
    for (let i = 0; i < 4; i += 1) {
      target[offset + i] = bytes[i]!
      target[lockTime + i] = bytes[bytes.length - 4 + i]!
    }
    target.set(bytes.subarray(6, witness), offset + 4)
  }

  /** Size without witness four times, or the witness once: `3 · stripped + total`. */
  get weight(): number {
    return 3 * this.strippedSize + this.bytes.length
  }

  /** Virtual bytes: a quarter of the weight, rounded up. */
  get vsize(): number {
    return Math.ceil(this.weight / 4)
  }

  /** SHA256d of the form without witness, wire order. */
  get txid(): Hash {
    if (this.#txid === undefined) {
      if (this.#witness === 0) this.#txid = sha256d(this.bytes)
      else {
        const size = this.strippedSize
        const scratch = size <= SCRATCH ? scratchBytes.subarray(0, size) : new Uint8Array(size)
        this.writeStripped(scratch, 0)
        this.#txid = sha256d(scratch)
      }
    }
    return this.#txid
  }

  /** SHA256d of the form with witness, wire order; equal to the txid where there is no witness (BIP141). */
  get wtxid(): Hash {
    if (this.#witness === 0) return this.txid
    this.#wtxid ??= sha256d(this.bytes)
    return this.#wtxid
  }

  #read(): Parts {
    if (this.#parts === undefined) {
      const { bytes } = this
      const memory = this.#memory ?? bytes.buffer
      const base = this.#memory === undefined ? bytes.byteOffset : this.#base
      this.#parts = readParts({ bytes, memory, base }, this.#witness)
    }
    return this.#parts
  }
}

/** Transactions up to this many bytes are stripped for hashing without an allocation. */
const SCRATCH = 65_536
const scratchBytes = new Uint8Array(SCRATCH)

function readParts(source: Source, witness: number): Parts {
  const { bytes } = source
  let at = witness === 0 ? 4 : 6
  let stack = witness
  const inputs: TransactionInput[] = []
  const inputCount = sizeAt(bytes, at)
  at = behindSize(bytes, at)
  for (let left = inputCount; left > 0; left -= 1) {
    const script = behindSize(bytes, at + 36)
    const end = script + sizeAt(bytes, at + 36) + 4
    inputs.push(new InputView(source, at, script, end, stack))
    at = end
    // Each stack is gone over only to find the one behind it.
    if (witness !== 0 && left > 1) stack = stackEnd(bytes, stack)
  }
  const outputs: TransactionOutput[] = []
  const outputCount = sizeAt(bytes, at)
  at = behindSize(bytes, at)
  for (let left = outputCount; left > 0; left -= 1) {
    const script = behindSize(bytes, at + 8)
    const end = script + sizeAt(bytes, at + 8)
    outputs.push(new OutputView(source, at, script, end))
    at = end
  }
  return { inputs, outputs }
}

function stackEnd(bytes: Uint8Array, stack: number): number {
  let at = behindSize(bytes, stack)
  for (let left = sizeAt(bytes, stack); left > 0; left -= 1) at = behindSize(bytes, at) + sizeAt(bytes, at)
  return at
}

/** A transaction in plain form, with its ids. */
export function plainTransaction(tx: Transaction, limits: PlainLimits): { [key: string]: Plain } {
  return {
    txid: toHex(tx.txid),
    wtxid: toHex(tx.wtxid),
    size: tx.bytes.length,
    vsize: tx.vsize,
    weight: tx.weight,
    version: tx.version,
    lockTime: tx.lockTime,
    inputs: plainList(tx.inputs, limits, input => ({
      outpoint: { txid: toHex(input.outpoint.txid), index: input.outpoint.index },
      scriptSig: plainBytes(input.scriptSig, limits),
      sequence: input.sequence,
      witness: plainList(input.witness, limits, item => plainBytes(item, limits)),
    })),
    outputs: plainList(tx.outputs, limits, output => ({
      value: output.value.toString(),
      scriptPubKey: plainBytes(output.scriptPubKey, limits),
    })),
  }
}

/** A transaction in a payload; written with its witness unless the writer is told otherwise. */
export const transaction: Codec<Transaction> = {
  minSize: 10,
  decode: reader => {
    // Over what the payload lies in: a view of the payload first would cost a third of the whole.
    const { buffer, position, offset, remaining, command } = reader
    const scanner = new TransactionScanner(buffer, position, command, position - offset, position + remaining)
    scanner.scan()
    reader.position = scanner.offset
    return Transaction.at(buffer, position, scanner.offset, scanner.witness)
  },
  encode: (writer, tx) => writer.raw(writer.witness ? tx.bytes : tx.stripped),
  plain: plainTransaction,
}
