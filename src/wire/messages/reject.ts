import { type Codec, hash, plainBytes, u8, varText } from '../codec.js'
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
  /**
   * The refused transaction or block, wire order, only where `rejected` is `tx` or `block`. Core 0.14 to 0.18 left it out
   * where the message could not be read. btcd does not read a reject without it: send zero where it is not known.
   */
  readonly hash?: Hash | undefined
  /** What else is behind the reason, never empty: BIP61 allows any bytes. */
  readonly data?: Uint8Array | undefined
}

type Fields = Omit<RejectMessage, 'command'>

const none = new Uint8Array(0)
const text = varText()
const hasName = (rejected: string): boolean => rejected === 'tx' || rejected === 'block'

const fields: Codec<Fields> = {
  minSize: 3,
  decode: reader => {
    const value = { rejected: text.decode(reader), code: u8.decode(reader), reason: text.decode(reader) }
    const named = hasName(value.rejected) && reader.remaining >= hash.size
    return {
      ...value,
      ...(named && { hash: hash.decode(reader) }),
      ...(reader.remaining > 0 && { data: reader.rest() }),
    }
  },
  encode: (writer, value) => {
    const { rejected, data = none } = value
    text.encode(writer, rejected)
    u8.encode(writer, value.code)
    text.encode(writer, value.reason)
    if (value.hash !== undefined) {
      if (!hasName(rejected)) throw writer.fault('bad-value', 'only a tx or a block is named by its hash')
      hash.encode(writer, value.hash)
    } else if (hasName(rejected) && data.length >= hash.size) {
      throw writer.fault('bad-value', `the first ${hash.size} bytes of the data would be read as the hash`)
    }
    writer.raw(data)
  },
  plain: (value, limits) => ({
    rejected: value.rejected,
    code: value.code,
    reason: value.reason,
    ...(value.hash && { hash: hash.plain(value.hash, limits) }),
    ...(value.data?.length && { data: plainBytes(value.data, limits) }),
  }),
}

export const reject = messageType<RejectMessage>({
  command: 'reject',
  bips: [61],
  minVersion: protocolVersions.reject,
  fields,
})
