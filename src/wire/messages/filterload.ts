import type { BloomFilterFields } from '../bloom.js'
import { type Codec, u8, u32, varBytes } from '../codec.js'
import { MAX_BLOOM_FILTER, MAX_HASH_FUNCTIONS } from '../limits.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Sets the bloom filter of this connection (BIP37); only to nodes that offer `bloom`. */
export interface FilterLoadMessage extends BloomFilterFields {
  readonly command: 'filterload'
}

const hashFunctions: Codec<number> = {
  ...u32,
  decode: reader => {
    const at = reader.offset
    const count = reader.u32()
    if (count > MAX_HASH_FUNCTIONS) {
      throw reader.fault(
        'bad-value',
        `${count} hash functions, at most ${MAX_HASH_FUNCTIONS} are allowed`,
        at,
      )
    }
    return count
  },
  encode: (writer, count) => {
    if (count > MAX_HASH_FUNCTIONS) {
      throw writer.fault('bad-value', `${count} hash functions, at most ${MAX_HASH_FUNCTIONS} are allowed`)
    }
    writer.u32(count)
  },
}

export const filterload = messageType<FilterLoadMessage>({
  command: 'filterload',
  bips: [37, 111],
  direction: 'request',
  minVersion: protocolVersions.bip37,
  shortId: 8,
  maxLength: 3 + MAX_BLOOM_FILTER + 9,
  fields: { filter: varBytes(MAX_BLOOM_FILTER), hashFunctions, tweak: u32, flags: u8 },
})
