import { hash, u8 } from '../codec.js'
import type { Hash } from '../hash.js'
import { messageType } from '../message-type.js'

/** Asks for the filter headers of every 1000th block (BIP157). */
export interface GetCFCheckptMessage {
  readonly command: 'getcfcheckpt'
  /** One of `FilterType`. */
  readonly filterType: number
  /** Hash of the newest block of interest. */
  readonly stop: Hash
}

export const getcfcheckpt = messageType<GetCFCheckptMessage>({
  command: 'getcfcheckpt',
  bips: [157],
  direction: 'request',
  shortId: 26,
  maxLength: 33,
  fields: { filterType: u8, stop: hash },
})
