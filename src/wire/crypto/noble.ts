import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from './backend.js'

/** The audited JavaScript of @noble/hashes, for browsers and every other place without node:crypto. */
export const sha256: CryptoBackend['sha256'] = bytes => nobleSha256(bytes)

export const sha256Words: CryptoBackend['sha256Words'] = (bytes, words) => {
  const hash = nobleSha256(bytes)
  for (let i = 0; i < 8; i += 1) {
    const at = 4 * i
    words[i] = (hash[at]! << 24) | (hash[at + 1]! << 16) | (hash[at + 2]! << 8) | hash[at + 3]!
  }
}

export const small: CryptoBackend['small'] = 250

/** JavaScript is slower than vectors at any length. */
export const fasterFrom: CryptoBackend['fasterFrom'] = () => Number.POSITIVE_INFINITY
