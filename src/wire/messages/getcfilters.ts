import { hash, u8, u32 } from '../codec.js'
import type { Hash } from '../hash.js'
import { messageType } from '../message-type.js'

/** Asks for the compact filters of a range of blocks, one cfilter each (BIP157). */
export interface GetCFiltersMessage {
  readonly command: 'getcfilters'
  /** One of `FilterType`. */
  readonly filterType: number
  /** Height of the first block wanted. */
  readonly startHeight: number
  /** Hash of the last block wanted; at most 1000 blocks (`MAX_GETCFILTERS_SIZE`). */
  readonly stop: Hash
}

export const getcfilters = messageType<GetCFiltersMessage>({
  command: 'getcfilters',
  bips: [157],
  direction: 'request',
  shortId: 22,
  maxLength: 37,
  fields: { filterType: u8, startHeight: u32, stop: hash },
})
