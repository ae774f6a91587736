import { type Codec, hash, type Plain, u8, varText } from '../codec.js'
import type { Hash } from '../hash.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Why a message was refused (BIP61). */
export const RejectCode = {
  malformed: 0x01,
  invalid: 0x10,
  obsolete: 0x11,
  duplicate: 0x12,
  nonstandard: 0x40,
  dust: 0x41,
  insufficientFee: 0x42,
  checkpoint: 0x43,
} as const

/** Tells why a message was refused (BIP61). Bitcoin Core neither sends nor reads it any more. */
export interface RejectMessage {
  readonly command: 'reject'
  /** Wire name of the refused message. */
  readonly rejected: string
  /** One of {@link RejectCode}, or any other byte a remote sends. */
  readonly code: number
  /** For people; one character a byte. */
  readonly reason: string
  /** The refused transaction or block; only where `rejected` is `tx` or `block`, zero where it is not known. */
  readonly hash?: Hash | undefined
}

type Fields = Omit<RejectMessage, 'command'>

const text = varText()
const carriesHash = (rejected: string): boolean => rejected === 'tx' || rejected === 'block'

const fields: Codec<Fields> = {
  minSize: 3,
  decode: reader => {
    const value = { rejected: text.decode(reader), code: u8.decode(reader), reason: text.decode(reader) }
    return carriesHash(value.rejected) ? { ...value, hash: hash.decode(reader) } : value
  },
  encode: (writer, value) => {
    text.encode(writer, value.rejected)
    u8.encode(writer, value.code)
    text.encode(writer, value.reason)
    if (carriesHash(value.rejected)) hash.encode(writer, value.hash ?? new Uint8Array(32))
  },
  plain: (value, limits) => {
    const plain: { [key: string]: Plain } = {
      rejected: value.rejected,
      code: value.code,
      reason: value.reason,
    }
    if (value.hash !== undefined) plain['hash'] = hash.plain(value.hash, limits)
    return plain
  },
}

export const reject = messageType<RejectMessage>({
  command: 'reject',
  bips: [61],
  minVersion: protocolVersions.reject,
  fields,
})
