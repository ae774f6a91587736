import { hash } from 'node:crypto'
import type { CryptoBackend } from './backend.js'

/** OpenSSL behind node:crypto: several times the speed of JavaScript on long inputs. */
export const sha256: CryptoBackend['sha256'] = bytes => {
  // A Buffer would answer `slice` and `toString` differently from the arrays of the other backend, and for Node to make
  // one costs more than the hash of a short input; a string of 32 characters, one a byte, costs half.
  const text = hash('sha256', bytes, 'binary')
  const out = new Uint8Array(32)
  for (let i = 0; i < 32; i += 1) out[i] = text.charCodeAt(i)
  return out
}

/** One block with its padding. */
export const small: CryptoBackend['small'] = 55
