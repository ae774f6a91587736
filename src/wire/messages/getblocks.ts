import { LOCATOR_MAX_LENGTH, type LocatorFields, locatorFields } from '../locator.js'
import { messageType } from '../message-type.js'

/** Asks for an inv of the blocks behind the best block of the locator that the remote knows, at most 500. */
export interface GetBlocksMessage extends LocatorFields {
  readonly command: 'getblocks'
}

export const getblocks = messageType<GetBlocksMessage>({
  command: 'getblocks',
  shortId: 9,
  maxLength: LOCATOR_MAX_LENGTH,
  fields: locatorFields,
})
