import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from './backend.js'

/** The audited JavaScript of @noble/hashes, for browsers and every other place without node:crypto. */
export const sha256: CryptoBackend['sha256'] = bytes => nobleSha256(bytes)

export const small: CryptoBackend['small'] = 250
