import type { WireError } from '../wire/error.js'
import type { EncodeOptions, Message } from '../wire/messages.js'

/** How messages are packed on the way: plain frames, or encrypted packets (BIP324). */
export type LinkTransport = 'v1' | 'v2'

/** How a payload is to be read: what was negotiated, and what of the rules is overlooked, as Core does. */
export interface Reading {
  /** Protocol version that both sides speak at this moment. */
  readonly protocolVersion: number
  /** Whether bytes behind the last field are read over. */
  readonly lenient: boolean
  /** Whether payloads above the message's own maximum are read. */
  readonly oversized: boolean
  /** Whether messages are read that do not exist at the protocol version. */
  readonly untimely: boolean
}

/** One message as it came in. What is wrong with it is a fact here; what follows from that is policy. */
export interface Inbound {
  readonly kind: 'received'
  /** Wire name, one character a byte. */
  readonly name: string
  /** Bytes on the wire, framing included. */
  readonly size: number
  /** What it carried: a view of the chunk it came in, else a buffer of its own. */
  readonly payload: Uint8Array
  /** Faults of the framing that leave the stream in step; empty for nearly all. */
  readonly faults: readonly WireError[]
  /**
   * The message, or why it cannot be read. Decoded when it is asked for, since the version that it is read by can change
   * with the message before it; remembered afterwards.
   */
  read(reading: Reading): Message | WireError
}

/** The end of a byte stream that is out of step: nothing behind it can be read. */
export interface Broken {
  readonly kind: 'broken'
  readonly error: WireError
}

/** What a link tells of its own accord. */
export interface LinkEvents {
  /** Messages may flow from now on. */
  opened(): void
  /** Bytes of the link itself, such as those of an encrypted opening. */
  write(bytes: Uint8Array): void
}

/**
 * Bytes to messages and back: framing, checksum and decoding in one place, without socket and clock. Chunks go in by
 * `push`, messages come out by `next`, one at a time and as late as possible, so that a chunk of thousands of small
 * messages is never thousands of objects.
 */
export interface Link {
  /** How this link packs. */
  readonly transport: LinkTransport
  /** Bytes that wait inside: the part of a message that is there, and chunks that are not cut yet. */
  readonly waiting: number
  /** Begins: a plain link opens at the call, an encrypted one when both sides have their keys. */
  start(): void
  /** Takes the next chunk; it belongs to the link from here on. */
  push(chunk: Uint8Array): void
  /** Where the next bytes may be written to before they are pushed, for `Connection.into`; mostly nowhere. */
  room(): Uint8Array | undefined
  /** The next whole message, `undefined` where more bytes are needed. Nothing comes behind `broken`. */
  next(): Inbound | Broken | undefined
  /** What an end of the stream at this place means: a fault inside of a message, else nothing. */
  end(): WireError | undefined
  /**
   * A message as bytes for the wire.
   * @throws WireError for a message that cannot be encoded
   */
  encode(message: Message, options: EncodeOptions): Uint8Array
}

/** How a byte stream ended: in order, in the middle of a message, or by an error of the transport. */
export type StreamEnd =
  | { readonly kind: 'eof' }
  | { readonly kind: 'truncated'; readonly error: WireError }
  | { readonly kind: 'failed'; readonly error: unknown }
