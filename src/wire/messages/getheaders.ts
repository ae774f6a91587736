import { LOCATOR_MAX_LENGTH, type LocatorFields, locatorFields } from '../locator.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Asks for the headers behind the best block of the locator that the remote knows, at most 2000. */
export interface GetHeadersMessage extends LocatorFields {
  readonly command: 'getheaders'
}

export const getheaders = messageType<GetHeadersMessage>({
  command: 'getheaders',
  minVersion: protocolVersions.headers,
  shortId: 12,
  maxLength: LOCATOR_MAX_LENGTH,
  fields: locatorFields,
})
