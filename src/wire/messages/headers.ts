import { type Codec, type FixedCodec, view } from '../codec.js'
import { type BlockHeader, blockHeader, HEADER_SIZE } from '../header.js'
import { MAX_HEADERS } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Answers getheaders, or announces blocks to whoever sent sendheaders (BIP130). */
export interface HeadersMessage {
  readonly command: 'headers'
  /** At most 2000 headers (`MAX_HEADERS_RESULTS`); each follows the one before it. */
  readonly headers: List<BlockHeader>
}

/** A header and the transaction count behind it, which is always 0. */
const entry: FixedCodec<BlockHeader> = {
  ...blockHeader,
  minSize: HEADER_SIZE + 1,
  size: HEADER_SIZE + 1,
  encode: (writer, header) => {
    writer.raw(header.bytes)
    writer.u8(0)
  },
}

const entries = view(entry, MAX_HEADERS)

/** Looks at every count before the list is handed out, so that reading it cannot fail. */
const checkedEntries: Codec<List<BlockHeader>> = {
  ...entries,
  decode: reader => {
    const headers = entries.decode(reader)
    const start = reader.offset - headers.length * entry.size
    for (let i = 0; i < headers.length; i += 1) {
      const at = start + i * entry.size + HEADER_SIZE
      if (reader.bytes[at] !== 0) throw reader.fault('bad-value', 'a header is followed by transactions', at)
    }
    return headers
  },
}

export const headers = messageType<HeadersMessage>({
  command: 'headers',
  bips: [130],
  minVersion: protocolVersions.headers,
  shortId: 13,
  maxLength: 9 + MAX_HEADERS * entry.size,
  fields: { headers: checkedEntries },
})
