import type { WireError } from '../wire/error.js'
import type { Message } from '../wire/messages.js'

/** A message that was read or written, as `options.traffic` sees it: from the first byte on, handshake included. */
export interface Traffic {
  /** `id` of the peer. */
  readonly peer: number
  /** Which way it went. */
  readonly direction: 'received' | 'sent'
  /** Wire name, also of messages that nobody knows. */
  readonly command: string
  /** Bytes on the wire. */
  readonly bytes: number
  /** What the frame carried; a view: copy it to keep it for long. */
  readonly payload: Uint8Array
  /** The decoded message; `undefined` where it could not be read. */
  readonly message: Message | undefined
  /** Why it could not be read. */
  readonly error: WireError | undefined
}
