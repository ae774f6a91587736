/** What both sides agreed on during the handshake. */
export interface Features {
  /** Transactions are announced by wtxid (BIP339). */
  readonly wtxidRelay: boolean
  /** The remote understands addrv2 (BIP155). */
  readonly addrV2: boolean
}
