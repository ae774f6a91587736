import { readU32 } from './bytes.js'
import { type CommandBytes, commandAt } from './command-bytes.js'
import { WireError, type WireErrorCode } from './error.js'
import { CHECKSUM_AT, COMMAND_AT, FRAME_HEADER, LENGTH_AT } from './frame.js'
import { checksumAt, checksums } from './hash.js'
import { MAX_PAYLOAD } from './limits.js'
import { type DecodeOptions, decodeMessageAt, type Message } from './messages.js'
import { NONCE_SIZE, noteNonceChecksum } from './nonce-checksum.js'
import { PayloadPieces } from './payload-pieces.js'

const EMPTY = new Uint8Array(0)

/** For the deframer alone. */
let makeFrame: (
  command: CommandBytes,
  bytes: Uint8Array,
  start: number,
  length: number,
  valid: boolean,
) => Frame

/** A frame as it came in. Faults that leave the stream in step are facts here; what follows from them is policy. */
export class Frame {
  /** Bytes on the wire, header included. */
  readonly size: number
  /** Whether the checksum fits the payload. */
  readonly checksumValid: boolean
  readonly #command: CommandBytes
  readonly #bytes: Uint8Array
  readonly #start: number
  #payload: Uint8Array | undefined

  static {
    makeFrame = (command, bytes, start, length, valid) => new Frame(command, bytes, start, length, valid)
  }

  private constructor(
    command: CommandBytes,
    bytes: Uint8Array,
    start: number,
    length: number,
    checksumValid: boolean,
  ) {
    this.size = FRAME_HEADER + length
    this.checksumValid = checksumValid
    this.#command = command
    this.#bytes = bytes
    this.#start = start
    this.#payload = undefined
  }

  /** Wire name, one character a byte, up to the NULs that pad it. */
  get name(): string {
    return this.#command.name
  }

  /** What is wrong with the command bytes; `undefined` where nothing is. */
  get commandFault(): Extract<WireErrorCode, 'bad-command' | 'command-not-utf8'> | undefined {
    return this.#command.fault
  }

  /**
   * A view where it lay inside one chunk, else a buffer of its own. Made when it is asked for: a view takes 40 to 60 ns, as
   * long as decoding a ping.
   */
  get payload(): Uint8Array {
    this.#payload ??= this.#bytes.subarray(this.#start, this.#end)
    return this.#payload
  }

  /**
   * The message, as `decodeMessage` reads it, where it lies.
   * @throws WireError where the payload is not what the name says, with the offset of the fault in it
   */
  decode(options: DecodeOptions = {}): Message {
    const { type, name } = this.#command
    if (type === undefined) return { command: 'unknown', name, payload: this.payload }
    return decodeMessageAt(type, this.#bytes, this.#start, this.#end, options)
  }

  get #end(): number {
    return this.#start + this.size - FRAME_HEADER
  }
}

/** Frames that are cut ahead at most, and bytes of their payloads: a batch is one piece of work of some 50 µs. */
const BATCH = 64
const BATCH_BYTES = 65_536

/**
 * Whole frames at the front of a chunk, cut ahead so that their checksums are computed side by side: a ping costs 0.25 µs
 * of it, against 0.5 one after the other.
 */
class Batch {
  readonly starts = new Int32Array(BATCH)
  readonly lengths = new Int32Array(BATCH)
  readonly checksums = new Int32Array(BATCH)
  count = 0
  taken = 0
}

/** Batches that nobody uses: an idle peer has none, and a busy one gives it back at the end of its chunk. */
const spare: Batch[] = []
const SPARE = 8

interface Header {
  readonly command: CommandBytes
  readonly length: number
  readonly checksum: number
}

function headerAt(bytes: Uint8Array, at: number): Header {
  const command = commandAt(bytes, at + COMMAND_AT)
  const length = readU32(bytes, at + LENGTH_AT)
  if (length > MAX_PAYLOAD) {
    throw new WireError('oversized-frame', `${length} bytes, at most ${MAX_PAYLOAD} are allowed`, {
      command: command.name,
      offset: LENGTH_AT,
    })
  }
  return { command, length, checksum: readU32(bytes, at + CHECKSUM_AT) }
}

/**
 * Cuts a byte stream into v1 frames, however the stream is chunked: `push` a chunk, then take frames with `next` until
 * it answers `undefined`. The header is checked before its payload is waited for, and memory grows only with the
 * bytes that have arrived.
 */
export class Deframer {
  readonly #magic: Uint8Array
  readonly #magicWord: number
  #chunk: Uint8Array = EMPTY
  #at = 0
  #batch: Batch | undefined
  /** Made for the first header that comes in pieces. */
  #headerBytes = EMPTY
  #headerFill = 0
  #header: Header | undefined
  /** Made for the first payload that comes in pieces. */
  #pieces: PayloadPieces | undefined

  /** @param magic - the network's 4 bytes */
  constructor(magic: Uint8Array) {
    this.#magic = magic
    this.#magicWord = readU32(magic, 0)
  }

  /** Whether the stream may end here: false inside a frame. */
  get atBoundary(): boolean {
    return this.#headerFill === 0 && this.#at === this.#chunk.length
  }

  /** Bytes that are here and not in a frame yet. */
  get waiting(): number {
    return this.#headerFill + (this.#pieces?.held ?? 0) + this.#chunk.length - this.#at
  }

  /**
   * Where the next bytes may be written to before they are pushed as the part of it that was written: the rest of a
   * payload of which a good part is here, so that it is not copied. `undefined` everywhere else, and until what came of
   * the last room is pushed and cut.
   */
  room(): Uint8Array | undefined {
    if (this.#header === undefined || this.#at < this.#chunk.length) return undefined
    return this.#pieces?.room(this.#header.length)
  }

  /** Adds the next chunk. All frames of the chunk before must have been taken. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /**
   * The next whole frame, `undefined` where more bytes are needed.
   * @throws WireError `wrong-magic` with the first byte that differs, `oversized-frame` as soon as the header is
   * there; the stream is out of step after either
   */
  next(): Frame | undefined {
    const batch = this.#batch ?? (this.#headerFill === 0 ? this.#cut() : undefined)
    if (batch !== undefined) return this.#take(batch)
    const frame = this.#assemble()
    // A chunk that is cut up must not stay as long as nothing more comes, which may be a peer's whole life.
    if (frame === undefined) {
      this.#chunk = EMPTY
      this.#at = 0
    }
    return frame
  }

  /** Cuts the frames ahead that are whole and in order; `undefined` where the next one is not. */
  #cut(): Batch | undefined {
    const chunk = this.#chunk
    const last = chunk.length - FRAME_HEADER
    let at = this.#at
    if (at > last) return undefined
    const batch = spare.pop() ?? new Batch()
    const { starts, lengths } = batch
    const enough = at + BATCH_BYTES
    let count = 0
    while (count < BATCH && at <= last && at < enough && readU32(chunk, at) === this.#magicWord) {
      const length = readU32(chunk, at + LENGTH_AT)
      const start = at + FRAME_HEADER
      if (length > MAX_PAYLOAD || length > chunk.length - start) break
      starts[count] = start
      lengths[count] = length
      count += 1
      at = start + length
    }
    if (count === 0) {
      spare.push(batch)
      return undefined
    }
    checksums(chunk, starts, lengths, 0, count, batch.checksums)
    batch.count = count
    batch.taken = 0
    this.#batch = batch
    return batch
  }

  #take(batch: Batch): Frame {
    const chunk = this.#chunk
    const index = batch.taken
    const start = batch.starts[index]!
    const length = batch.lengths[index]!
    const checksum = batch.checksums[index]! >>> 0
    if (length === NONCE_SIZE) noteNonceChecksum(chunk, start, checksum)
    const valid = checksum === readU32(chunk, start - FRAME_HEADER + CHECKSUM_AT)
    batch.taken = index + 1
    this.#at = start + length
    if (batch.taken === batch.count) {
      this.#batch = undefined
      if (spare.length < SPARE) spare.push(batch)
    }
    return makeFrame(commandAt(chunk, start - FRAME_HEADER + COMMAND_AT), chunk, start, length, valid)
  }

  /** Puts a frame together that comes in pieces. */
  #assemble(): Frame | undefined {
    this.#header ??= this.#readHeader()
    if (this.#header === undefined) return undefined
    const { length, command, checksum } = this.#header
    const place = this.#readPayload(length)
    if (place === undefined) return undefined
    this.#header = undefined
    this.#headerFill = 0
    const start = place === this.#chunk ? this.#at - length : 0
    return makeFrame(command, place, start, length, checksumAt(place, start, length) === checksum)
  }

  #readHeader(): Header | undefined {
    const at = this.#at
    if (this.#headerFill === 0 && at + FRAME_HEADER <= this.#chunk.length) {
      this.#checkMagic(COMMAND_AT)
      const header = headerAt(this.#chunk, at)
      this.#headerFill = FRAME_HEADER
      this.#at = at + FRAME_HEADER
      return header
    }
    return this.#gatherHeader() ? headerAt(this.#headerBytes, 0) : undefined
  }

  /** Puts a header together that comes in pieces; whether it is whole. */
  #gatherHeader(): boolean {
    const there = Math.min(this.#chunk.length - this.#at, FRAME_HEADER - this.#headerFill)
    if (there > 0 && this.#headerBytes.length === 0) this.#headerBytes = new Uint8Array(FRAME_HEADER)
    this.#checkMagic(there)
    for (let i = 0; i < there; i += 1) this.#headerBytes[this.#headerFill + i] = this.#chunk[this.#at + i]!
    this.#headerFill += there
    this.#at += there
    return this.#headerFill === FRAME_HEADER
  }

  /** Looks at those of the next bytes that belong to the magic. */
  #checkMagic(there: number): void {
    const filled = this.#headerFill
    for (let offset = filled; offset < Math.min(COMMAND_AT, filled + there); offset += 1) {
      if (this.#chunk[this.#at + offset - filled] !== this.#magic[offset]) {
        throw new WireError('wrong-magic', undefined, { offset })
      }
    }
  }

  /** What the whole payload lies in: the chunk, where it ends at `#at`, or a buffer of its own. */
  #readPayload(length: number): Uint8Array | undefined {
    const there = this.#chunk.length - this.#at
    const got = this.#pieces?.length ?? 0
    if (got === 0 && there >= length) {
      this.#at += length
      return this.#chunk
    }
    const end = this.#at + Math.min(there, length - got)
    this.#pieces ??= new PayloadPieces()
    this.#pieces.add(this.#chunk, this.#at, end, length)
    this.#at = end
    if (this.#pieces.length < length) return undefined
    const payload = this.#pieces.take()
    // Most peers are idle most of the time.
    this.#pieces = undefined
    return payload
  }
}
