/** What the two backends of `#crypto` offer; package.json picks one by the `node` condition. */
export interface CryptoBackend {
  /** SHA-256, 32 bytes, always a new array. */
  sha256(bytes: Uint8Array): Uint8Array
  /** Up to this many bytes our own short hash is faster than {@link sha256}; measured by `bench/hash.ts`. */
  readonly small: number
}
