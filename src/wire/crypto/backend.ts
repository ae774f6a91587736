/** What the two backends of `#crypto` offer; package.json picks one by the `node` condition. */
export interface CryptoBackend {
  /** SHA-256, 32 bytes, always a new array. */
  sha256(bytes: Uint8Array): Uint8Array
  /** SHA-256, written to the 32 bytes of `out` from `at` on. */
  sha256Into(bytes: Uint8Array, out: Uint8Array, at: number): void
  /** Up to this many bytes our own short hash is faster than {@link sha256}; measured by `bench/hash.ts`. */
  readonly small: number
  /**
   * From this many bytes on {@link sha256Into} is faster than four messages side by side in vectors; infinite where it
   * never is. May take a fraction of a millisecond to find out, so ask once and late.
   */
  fasterFrom(): number
  /** An array whose bytes may be anything: whoever asks for it writes all of them before anybody sees one. */
  unfilled(length: number): Uint8Array<ArrayBuffer>
}
