/** What the two backends of `#crypto` offer; package.json picks one by the `node` condition. */
export interface CryptoBackend {
  /** SHA-256, 32 bytes, always a new array. */
  sha256(bytes: Uint8Array): Uint8Array
}
