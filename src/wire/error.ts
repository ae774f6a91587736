import { printable } from './printable.js'

/**
 * Everything that bytes or values can do wrong, by stable code. A code states a fact; what follows from it (drop the
 * message, tell the remote, close) is decided by the policy of the peer above.
 */
export const wireFaults = {
  'wrong-magic': 'the frame starts with the magic of another network, or with no magic at all',
  'oversized-frame':
    'the frame header claims more than 4,000,000 payload bytes (MAX_PROTOCOL_MESSAGE_LENGTH)',
  'truncated-frame': 'the stream ended inside a frame',
  'bad-checksum': 'the checksum of the frame is not the first 4 bytes of SHA256d(payload)',
  'bad-command': 'the command has bytes outside 0x20 to 0x7e, or something other than NUL after a NUL',
  'command-not-utf8': 'the command is not even UTF-8',
  'oversized-payload': 'the payload is longer than this message can be (MaxPayloadLength)',
  'unsupported-version': 'the message does not exist at this protocol version',
  truncated: 'the payload ends inside a field',
  'trailing-bytes': 'bytes are left over after the last field',
  'non-canonical-size': 'a CompactSize is not in its shortest form',
  'too-many': 'a count is above its limit',
  'too-long': 'a length is above its limit',
  'bad-flag': 'the flags of a transaction are unknown, or announce a witness that is not there (BIP144)',
  'bad-address':
    'an address does not have the length of its network, or its network has no form here (BIP155)',
  'bad-value': 'a value is outside its range',
  'bad-merkle-tree': 'a partial merkle tree does not hold together, or proves another root (BIP37)',
} as const satisfies Record<string, string>

/** The stable code of a {@link WireError}; {@link wireFaults} says what each means. */
export type WireErrorCode = keyof typeof wireFaults

/** Where a fault was found. */
export interface WireErrorPlace {
  /** Wire name of the message, where it is known. */
  readonly command?: string | undefined
  /** Byte offset of the fault within the payload (or within the frame header, for faults of the frame). */
  readonly offset?: number | undefined
}

/** The one error of decoding and encoding. Its message is printable ASCII, whatever a remote sent. */
export class WireError extends Error {
  /** Tells this error apart where classes cannot, as in logs. */
  override readonly name = 'WireError'
  /** What was wrong, as a fact. */
  readonly code: WireErrorCode
  /** Wire name of the message, where it is known; as it came, so print it with {@link printable}. */
  readonly command: string | undefined
  /** Byte offset of the fault within the payload, or within the frame header for faults of the frame. */
  readonly offset: number | undefined

  /**
   * @param code - the stable code
   * @param detail - what exactly was seen; the general meaning of the code where left out
   * @param place - the message and the byte offset
   */
  constructor(code: WireErrorCode, detail?: string, place: WireErrorPlace = {}) {
    const where = [
      place.command === undefined ? '' : ` in ${place.command}`,
      place.offset === undefined ? '' : ` at byte ${place.offset}`,
    ].join('')
    // Both may quote what a remote sent: a command is any 12 bytes.
    super(printable(`${detail ?? wireFaults[code]}${where}`))
    this.code = code
    this.command = place.command
    this.offset = place.offset
  }
}
