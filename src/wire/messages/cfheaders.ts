import { hash, u8, view } from '../codec.js'
import type { Hash } from '../hash.js'
import { MAX_CFHEADERS } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'

/** The filter hashes of a range of blocks and the filter header that they continue (BIP157). */
export interface CFHeadersMessage {
  readonly command: 'cfheaders'
  /** One of `FilterType`. */
  readonly filterType: number
  /** Hash of the last block. */
  readonly stop: Hash
  /** The filter header of the block before the first one; zero where the first is the chain's first. */
  readonly previousFilterHeader: Hash
  /** At most 2000 (`MAX_GETCFHEADERS_SIZE`), lowest block first; `filterHeader` links them. */
  readonly filterHashes: List<Hash>
}

export const cfheaders = messageType<CFHeadersMessage>({
  command: 'cfheaders',
  bips: [157],
  direction: 'response',
  shortId: 25,
  maxLength: 1 + 32 + 32 + 9 + MAX_CFHEADERS * 32,
  fields: {
    filterType: u8,
    stop: hash,
    previousFilterHeader: hash,
    filterHashes: view(hash, MAX_CFHEADERS),
  },
})
