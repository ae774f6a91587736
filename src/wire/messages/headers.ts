import { type Codec, type FixedCodec, view } from '../codec.js'
import type { Reader } from '../cursor.js'
import { type BlockHeader, blockHeader, HEADER_SIZE, HeaderRun } from '../header.js'
import { MAX_HEADERS, MAX_SIZE } from '../limits.js'
import { type List, ListView } from '../list.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Answers getheaders, or announces blocks to whoever sent sendheaders (BIP130). */
export interface HeadersMessage {
  readonly command: 'headers'
  /** At most 2000 headers (`MAX_HEADERS_RESULTS`); each follows the one before it. */
  readonly headers: List<BlockHeader>
}

/** A header and the transaction count behind it, which is written as 0. */
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

const viewOf = (run: HeaderRun): List<BlockHeader> => new ListView(run.count, index => run.header(index))

/** As btcd reads them: every count is 0. All are looked at before the list is handed out, so that reading it cannot fail. */
function strictEntries(reader: Reader): List<BlockHeader> {
  const count = reader.count(MAX_HEADERS, entry.size)
  const { buffer, position } = reader
  const start = reader.skip(count * entry.size)
  for (let i = 0; i < count; i += 1) {
    const at = i * entry.size + HEADER_SIZE
    if (buffer[position + at] !== 0) {
      throw reader.fault('bad-value', 'a header is followed by transactions', start + at)
    }
  }
  return viewOf(new HeaderRun(buffer, position, entry.size, count))
}

/** As Core reads them: a CompactSize behind each header, whatever it says; the transactions themselves are not there. */
function lenientEntries(reader: Reader): List<BlockHeader> {
  const offsets = new Uint32Array(reader.count(MAX_HEADERS, entry.size))
  const { buffer, position } = reader
  for (let i = 0; i < offsets.length; i += 1) {
    offsets[i] = reader.position
    reader.skip(HEADER_SIZE)
    reader.compactSize(MAX_SIZE)
  }
  // As good as always: what is behind a header takes one byte.
  if (offsets.every((offset, i) => offset === position + i * entry.size)) {
    return viewOf(new HeaderRun(buffer, position, entry.size, offsets.length))
  }
  return new ListView(offsets.length, index => blockHeader.read(buffer, offsets[index]!))
}

const headerList: Codec<List<BlockHeader>> = {
  ...entries,
  decode: reader => (reader.lenient ? lenientEntries(reader) : strictEntries(reader)),
}

export const headers = messageType<HeadersMessage>({
  command: 'headers',
  bips: [130],
  minVersion: protocolVersions.headers,
  shortId: 13,
  maxLength: 9 + MAX_HEADERS * entry.size,
  fields: { headers: headerList },
})
