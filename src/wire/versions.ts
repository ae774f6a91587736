/**
 * The protocol versions at which something changed. What two peers speak is the smaller of the versions that they
 * announced.
 */
export const protocolVersions = {
  /** `version` carries the sender's address, nonce and user agent. */
  versionNonce: 106,
  /** `addr` may carry many entries; btcd's `MinAcceptableProtocolVersion`. */
  multipleAddress: 209,
  /** The entries of `addr` carry a time. */
  addressTime: 31_402,
  /** `getheaders` exists; Core's `MIN_PEER_PROTO_VERSION`. */
  headers: 31_800,
  /** ABOVE this version ping carries a nonce and is answered (BIP31). */
  bip31: 60_000,
  /** `mempool` (BIP35). */
  bip35: 60_002,
  /** Bloom filters and the relay byte of `version` (BIP37). */
  bip37: 70_001,
  /** `reject` (BIP61). */
  reject: 70_002,
  /** Bloom messages need NODE_BLOOM (BIP111). */
  bip111: 70_011,
  /** `sendheaders` (BIP130). */
  sendHeaders: 70_012,
  /** `feefilter` (BIP133). */
  feeFilter: 70_013,
  /** Compact blocks (BIP152). */
  compactBlocks: 70_014,
  /** `wtxidrelay` (BIP339), and the gate of both references for `sendaddrv2` (BIP155). */
  wtxidRelay: 70_016,
} as const

/** The version that rxpeer announces by default, as Bitcoin Core 28 and btcd do. */
export const PROTOCOL_VERSION = 70_016
