/** Largest payload of a frame, bytes (Core `MAX_PROTOCOL_MESSAGE_LENGTH`, btcd `MaxProtocolMessageLength`). */
export const MAX_PAYLOAD = 4_000_000
/** Largest CompactSize that counts or measures something (Core `MAX_SIZE`). */
export const MAX_SIZE = 0x02000000
/** Entries of inv, getdata and notfound (Core `MAX_INV_SZ`, btcd `MaxInvPerMsg`). */
export const MAX_INV = 50_000
/** Entries of addr and addrv2 (Core `MAX_ADDR_TO_SEND`, btcd `MaxAddrPerMsg`). */
export const MAX_ADDR = 1_000
/** Headers of one message (Core `MAX_HEADERS_RESULTS`, btcd `MaxBlockHeadersPerMsg`). */
export const MAX_HEADERS = 2_000
/** Hashes of a block locator (btcd `MaxBlockLocatorsPerMsg`; Core reads no more than 101). */
export const MAX_LOCATOR = 500
/** Bytes of a user agent (Core `MAX_SUBVERSION_LENGTH`, btcd `MaxUserAgentLen`). */
export const MAX_USER_AGENT = 256
