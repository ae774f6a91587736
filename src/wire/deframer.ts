import { readU32 } from './bytes.js'
import { WireError, type WireErrorCode } from './error.js'
import { COMMAND_SIZE, FRAME_HEADER } from './frame.js'
import { checksum } from './hash.js'
import { MAX_PAYLOAD } from './limits.js'

/** A frame as it came in. Faults that leave the stream in step are facts here; what follows from them is policy. */
export interface Frame {
  /** Wire name, one character a byte, up to the NULs that pad it. */
  readonly name: string
  /** A view where it lay inside one chunk, else a buffer of its own. */
  readonly payload: Uint8Array
  /** Bytes on the wire, header included. */
  readonly size: number
  /** Whether the checksum fits the payload. */
  readonly checksumValid: boolean
  /** What is wrong with the command bytes; `undefined` where nothing is. */
  readonly commandFault: Extract<WireErrorCode, 'bad-command' | 'command-not-utf8'> | undefined
}

const EMPTY = new Uint8Array(0)

/** The first allocation for a payload that comes in pieces, bytes. */
const FIRST_BUFFER = 1_024

interface Header extends Pick<Frame, 'name' | 'commandFault'> {
  readonly length: number
  readonly checksum: number
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes)
    return true
  } catch {
    return false
  }
}

/**
 * Cuts a byte stream into v1 frames, however the stream is chunked: `push` a chunk, then take frames with `next` until
 * it answers `undefined`. The header is checked before its payload is waited for, and memory grows only with the
 * bytes that have arrived.
 */
export class Deframer {
  readonly #magic: Uint8Array
  #chunk: Uint8Array = EMPTY
  #at = 0
  readonly #headerBytes = new Uint8Array(FRAME_HEADER)
  #headerFill = 0
  #header: Header | undefined
  #payload: Uint8Array = EMPTY
  #payloadFill = 0

  /** @param magic - the network's 4 bytes */
  constructor(magic: Uint8Array) {
    this.#magic = magic
  }

  /** Whether the stream may end here: false inside a frame. */
  get atBoundary(): boolean {
    return this.#headerFill === 0 && this.#at === this.#chunk.length
  }

  /** Bytes that are here and not in a frame yet. */
  get waiting(): number {
    const claimed = this.#header === undefined ? this.#headerFill : FRAME_HEADER + this.#payload.length
    return claimed + this.#chunk.length - this.#at
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
    const frame = this.#nextFrame()
    // A chunk that is cut up must not stay as long as nothing more comes, which may be a peer's whole life.
    if (frame === undefined) {
      this.#chunk = EMPTY
      this.#at = 0
    }
    return frame
  }

  #nextFrame(): Frame | undefined {
    this.#header ??= this.#readHeader()
    if (this.#header === undefined) return undefined
    const { length, name, commandFault, checksum: claimed } = this.#header
    const payload = this.#readPayload(length)
    if (payload === undefined) return undefined
    this.#header = undefined
    this.#headerFill = 0
    return {
      name,
      payload,
      size: FRAME_HEADER + length,
      checksumValid: checksum(payload) === claimed,
      commandFault,
    }
  }

  #readHeader(): Header | undefined {
    const header = this.#headerBytes
    while (this.#headerFill < FRAME_HEADER) {
      const byte = this.#chunk[this.#at]
      if (byte === undefined) return undefined
      const offset = this.#headerFill
      if (offset < 4 && byte !== this.#magic[offset]) {
        throw new WireError('wrong-magic', undefined, { offset })
      }
      header[offset] = byte
      this.#headerFill += 1
      this.#at += 1
    }
    const command = parseCommand(header.subarray(4, 4 + COMMAND_SIZE))
    const length = readU32(header, 16)
    if (length > MAX_PAYLOAD) {
      throw new WireError('oversized-frame', `${length} bytes, at most ${MAX_PAYLOAD} are allowed`, {
        command: command.name,
        offset: 16,
      })
    }
    return { ...command, length, checksum: readU32(header, 20) }
  }

  #readPayload(length: number): Uint8Array | undefined {
    const there = this.#chunk.length - this.#at
    if (this.#payloadFill === 0 && there >= length) {
      const payload = this.#chunk.subarray(this.#at, this.#at + length)
      this.#at += length
      return payload
    }
    const piece = Math.min(there, length - this.#payloadFill)
    this.#grow(this.#payloadFill + piece, length)
    this.#payload.set(this.#chunk.subarray(this.#at, this.#at + piece), this.#payloadFill)
    this.#at += piece
    this.#payloadFill += piece
    if (this.#payloadFill < length) return undefined
    const payload = this.#payload
    this.#payload = EMPTY
    this.#payloadFill = 0
    return payload
  }

  /** Doubling what has arrived, never above what was claimed, so the last buffer is exactly the payload. */
  #grow(needed: number, length: number): void {
    if (needed <= this.#payload.length) return
    const grown = new Uint8Array(Math.min(length, Math.max(FIRST_BUFFER, 2 * needed)))
    grown.set(this.#payload.subarray(0, this.#payloadFill))
    this.#payload = grown
  }
}

function parseCommand(bytes: Uint8Array): Pick<Frame, 'name' | 'commandFault'> {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end -= 1
  let name = ''
  let commandFault: Frame['commandFault']
  for (let i = 0; i < end; i += 1) {
    const byte = bytes[i] ?? 0
    if (byte < 0x20 || byte > 0x7e) commandFault = 'bad-command'
    name += String.fromCharCode(byte)
  }
  if (commandFault !== undefined && !isUtf8(bytes)) commandFault = 'command-not-utf8'
  return { name, commandFault }
}
