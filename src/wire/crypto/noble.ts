import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from './backend.js'

/** The audited JavaScript of @noble/hashes, for browsers and every other place without node:crypto. */
export const sha256: CryptoBackend['sha256'] = bytes => nobleSha256(bytes)

export const sha256Into: CryptoBackend['sha256Into'] = (bytes, out, at) => out.set(nobleSha256(bytes), at)

export const small: CryptoBackend['small'] = 250

/** JavaScript is slower than vectors at any length. */
export const fasterFrom: CryptoBackend['fasterFrom'] = () => Number.POSITIVE_INFINITY

/** There is no such array without Node. */
export const unfilled: CryptoBackend['unfilled'] = length => new Uint8Array(length)
