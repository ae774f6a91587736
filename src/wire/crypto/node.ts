import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { hrtime } from 'node:process'
import type { CryptoBackend } from './backend.js'

/** OpenSSL behind node:crypto: several times the speed of JavaScript on long inputs. */
export const sha256: CryptoBackend['sha256'] = bytes => {
  const out = new Uint8Array(32)
  sha256Into(bytes, out, 0)
  return out
}

export const sha256Into: CryptoBackend['sha256Into'] = (bytes, out, at) => {
  // A Buffer would answer `slice` and `toString` differently from the arrays of the other backend, and for Node to make
  // one costs more than the hash of a short input; a string of 32 characters, one a byte, costs half.
  const text = hash('sha256', bytes, 'binary')
  for (let i = 0; i < 32; i += 1) out[at + i] = text.charCodeAt(i)
}

/** One block with its padding. */
export const small: CryptoBackend['small'] = 55

/**
 * Seven blocks. Where the processor has instructions for SHA-256 a block takes 32 ns, and the call and its string 250;
 * in the lanes a block takes 64.
 */
const ACCELERATED_FROM = 6 * 64 - 8

/** Bytes hashed to find out: the call itself must not matter. */
const SAMPLE = new Uint8Array(16_384)

function shortest(algorithm: string): bigint {
  let least: bigint | undefined
  for (let i = 0; i < 5; i += 1) {
    const started = hrtime.bigint()
    hash(algorithm, SAMPLE, 'binary')
    const took = hrtime.bigint() - started
    if (least === undefined || took < least) least = took
  }
  return least ?? 0n
}

/**
 * SHA-512 takes two thirds of SHA-256's time a byte, but two times as much and more where there are instructions for
 * SHA-256: one compared with the other tells it without a figure that depends on the machine's speed.
 */
export const fasterFrom: CryptoBackend['fasterFrom'] = () => {
  try {
    return shortest('sha256') < shortest('sha512') ? ACCELERATED_FROM : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Filling 1.2 MB with zeros takes as long as copying a block into them. */
export const unfilled: CryptoBackend['unfilled'] = length =>
  new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length)
