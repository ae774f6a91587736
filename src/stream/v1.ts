import { Deframer, type Frame } from '../wire/deframer.js'
import { WireError } from '../wire/error.js'
import { CHECKSUM_AT, COMMAND_AT } from '../wire/frame.js'
import { encodeMessageFrame } from '../wire/message-frame.js'
import { decodeMessage, type EncodeOptions, type Message } from '../wire/messages.js'
import type { Network } from '../wire/network.js'
import type { Broken, Inbound, Link, LinkEvents, Reading } from './link.js'
import { Queue } from './queue.js'

const SOUND: readonly WireError[] = []

function faultsOf({ name, checksumValid, commandFault }: Frame): readonly WireError[] {
  if (checksumValid && commandFault === undefined) return SOUND
  const faults: WireError[] = []
  if (commandFault !== undefined) {
    faults.push(new WireError(commandFault, undefined, { command: name, offset: COMMAND_AT }))
  }
  if (!checksumValid) {
    faults.push(new WireError('bad-checksum', undefined, { command: name, offset: CHECKSUM_AT }))
  }
  return faults
}

function decode(frame: Frame, reading: Reading): Message | WireError {
  try {
    // A version message stays as long as the peer, and must not keep the chunk that it came in.
    return frame.name === 'version'
      ? decodeMessage(frame.name, new Uint8Array(frame.payload), reading)
      : frame.decode(reading)
  } catch (error) {
    if (error instanceof WireError) return error
    throw error
  }
}

class FramedMessage implements Inbound {
  readonly kind = 'received'
  readonly faults: readonly WireError[]
  readonly #frame: Frame
  #read: Message | WireError | undefined

  constructor(frame: Frame) {
    this.faults = faultsOf(frame)
    this.#frame = frame
    this.#read = undefined
  }

  get name(): string {
    return this.#frame.name
  }

  get size(): number {
    return this.#frame.size
  }

  get payload(): Uint8Array {
    return this.#frame.payload
  }

  read(reading: Reading): Message | WireError {
    this.#read ??= decode(this.#frame, reading)
    return this.#read
  }
}

/** The plain framing that every node speaks: magic, command, length, checksum, payload. */
class PlainLink implements Link {
  readonly transport = 'v1'
  readonly #magic: Uint8Array
  readonly #events: LinkEvents
  readonly #deframer: Deframer
  readonly #chunks = new Queue<Uint8Array>()
  /** Bytes of the chunks that the deframer does not have yet. */
  #uncut = 0
  #broken = false

  constructor({ magic }: Network, events: LinkEvents) {
    this.#magic = magic
    this.#events = events
    this.#deframer = new Deframer(magic)
  }

  get waiting(): number {
    return this.#deframer.waiting + this.#uncut
  }

  start(): void {
    this.#events.opened()
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#uncut += chunk.length
  }

  room(): Uint8Array | undefined {
    return this.#broken || this.#uncut > 0 ? undefined : this.#deframer.room()
  }

  next(): Inbound | Broken | undefined {
    if (this.#broken) return undefined
    try {
      for (;;) {
        const frame = this.#deframer.next()
        if (frame !== undefined) return new FramedMessage(frame)
        if (!this.#feed()) return undefined
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#broken = true
      return { kind: 'broken', error }
    }
  }

  end(): WireError | undefined {
    return this.#deframer.atBoundary ? undefined : new WireError('truncated-frame')
  }

  encode(message: Message, options: EncodeOptions): Uint8Array {
    return encodeMessageFrame(this.#magic, message, options)
  }

  /** Gives the deframer the next chunk; whether there was one. */
  #feed(): boolean {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return false
    this.#uncut -= chunk.length
    this.#deframer.push(chunk)
    return true
  }
}

/** Packs messages in plain frames, under the magic of a network. */
export function v1(network: Network, events: LinkEvents): Link {
  return new PlainLink(network, events)
}
