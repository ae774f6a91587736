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
/** Hashes of a block locator (btcd `MaxBlockLocatorsPerMsg`). */
export const MAX_LOCATOR = 500
/** Hashes of a block locator that Core reads (`MAX_LOCATOR_SZ`); it disconnects who sends more. */
export const CORE_MAX_LOCATOR = 101
/** Bytes of a user agent (Core `MAX_SUBVERSION_LENGTH`, btcd `MaxUserAgentLen`). */
export const MAX_USER_AGENT = 256
/** Bytes of a bloom filter (Core `MAX_BLOOM_FILTER_SIZE`, btcd `MaxFilterLoadFilterSize`). */
export const MAX_BLOOM_FILTER = 36_000
/** Hash functions of a bloom filter (Core `MAX_HASH_FUNCS`, btcd `MaxFilterLoadHashFuncs`). */
export const MAX_HASH_FUNCTIONS = 50
/** Bytes of a filteradd (Core `MAX_SCRIPT_ELEMENT_SIZE`, btcd `MaxFilterAddDataSize`). */
export const MAX_FILTER_ADD = 520
/** Hashes of a merkleblock (btcd `maxTxPerBlock`; the transactions of a real block are fewer). */
export const MAX_MERKLE_HASHES = 400_001
/** Bytes of flags of a merkleblock (btcd `maxFlagsPerMerkleBlock`). */
export const MAX_MERKLE_FLAGS = 50_000
/** Bytes of a compact filter (btcd `MaxCFilterDataSize`; Core has no limit of its own). */
export const MAX_CFILTER = 256 * 1024
/** Blocks that one getcfilters may ask for (Core `MAX_GETCFILTERS_SIZE`, btcd `MaxGetCFiltersReqRange`). */
export const MAX_GETCFILTERS = 1_000
/** Filter hashes of one cfheaders (Core `MAX_GETCFHEADERS_SIZE`, btcd `MaxCFHeadersPerMsg`). */
export const MAX_CFHEADERS = 2_000
/** Filter headers of a cfcheckpt (btcd `maxCFHeadersLen`). */
export const MAX_CFCHECKPT = 100_000
/** Blocks between the filter headers of a cfcheckpt (BIP157; Core `CFCHECKPT_INTERVAL`). */
export const CFCHECKPT_INTERVAL = 1_000

/** Most headers in an announcement (BIP130, Core `MAX_BLOCKS_TO_ANNOUNCE`); more of them answer a getheaders. */
export const MAX_ANNOUNCED_HEADERS = 8
