import { hash, u8, u32 } from '../codec.js'
import type { Hash } from '../hash.js'
import { messageType } from '../message-type.js'

/** Asks for the filter hashes of a range of blocks, from which the filter headers follow (BIP157). */
export interface GetCFHeadersMessage {
  readonly command: 'getcfheaders'
  /** One of `FilterType`. */
  readonly filterType: number
  /** Height of the first block wanted. */
  readonly startHeight: number
  /** Hash of the last block wanted; at most 2000 blocks (`MAX_GETCFHEADERS_SIZE`). */
  readonly stop: Hash
}

export const getcfheaders = messageType<GetCFHeadersMessage>({
  command: 'getcfheaders',
  bips: [157],
  direction: 'request',
  shortId: 24,
  maxLength: 37,
  fields: { filterType: u8, startHeight: u32, stop: hash },
})
