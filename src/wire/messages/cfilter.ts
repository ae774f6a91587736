import { hash, u8, varBytes } from '../codec.js'
import type { Hash } from '../hash.js'
import { MAX_CFILTER } from '../limits.js'
import { messageType } from '../message-type.js'

/** The compact filter of one block (BIP157); the answer to getcfilters is one a block, lowest block first. */
export interface CFilterMessage {
  readonly command: 'cfilter'
  /** One of `FilterType`. */
  readonly filterType: number
  /** The block that the filter is of; its hash is part of the key. */
  readonly blockHash: Hash
  /** At most 256 KiB (btcd `MaxCFilterDataSize`); `BlockFilter.decode` reads it. */
  readonly filter: Uint8Array
}

export const cfilter = messageType<CFilterMessage>({
  command: 'cfilter',
  bips: [157, 158],
  direction: 'response',
  shortId: 23,
  maxLength: 1 + 32 + 5 + MAX_CFILTER,
  fields: { filterType: u8, blockHash: hash, filter: varBytes(MAX_CFILTER) },
})
