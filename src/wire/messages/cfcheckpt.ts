import { hash, u8, view } from '../codec.js'
import type { Hash } from '../hash.js'
import { MAX_CFCHECKPT } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'

/** The filter headers of every 1000th block (BIP157). */
export interface CFCheckptMessage {
  readonly command: 'cfcheckpt'
  /** One of `FilterType`. */
  readonly filterType: number
  /** The hash that was asked for. */
  readonly stop: Hash
  /** Of heights 1000, 2000 and so on up to that of `stop`; at most 100,000 (btcd `maxCFHeadersLen`). */
  readonly filterHeaders: List<Hash>
}

export const cfcheckpt = messageType<CFCheckptMessage>({
  command: 'cfcheckpt',
  bips: [157],
  direction: 'response',
  shortId: 27,
  maxLength: 1 + 32 + 5 + MAX_CFCHECKPT * 32,
  fields: { filterType: u8, stop: hash, filterHeaders: view(hash, MAX_CFCHECKPT) },
})
