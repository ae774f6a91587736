import { roundConstants } from './small-sha256.js'

/**
 * The message schedule of SHA-256 (FIPS 180-4, 6.2.2) of blocks of which some words are known beforehand: those that
 * pad a message of known length, or a hash. What follows from them alone is worked out once.
 */

/** The first 16 words of a block: a number where it is the same in every block, `undefined` where it is read. */
export type Words = readonly (number | undefined)[]

/** A word from 16 on: the sum of a number and of terms, each a function of an earlier word. */
export interface Sum {
  readonly known: number
  readonly terms: readonly { readonly word: number; readonly of: 'itself' | 'sigma0' | 'sigma1' }[]
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0)
const read = (count: number): undefined[] => new Array<undefined>(count).fill(undefined)

/** Any block. */
export const ANY: Words = read(16)
/** A hash that is hashed again. */
export const AGAIN: Words = [...read(8), 0x8000_0000, ...zeros(6), 8 * 32]
/** The last 16 bytes of 80. */
export const END_80: Words = [...read(4), 0x8000_0000, ...zeros(10), 8 * 80]
/** What pads 64 bytes. */
export const PAD_64: Words = [0x8000_0000, ...zeros(14), 8 * 64]

const rotate = (x: number, bits: number): number => (x >>> bits) | (x << (32 - bits))
const folds = {
  itself: (x: number): number => x,
  sigma0: (x: number): number => rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3),
  sigma1: (x: number): number => rotate(x, 17) ^ rotate(x, 19) ^ (x >>> 10),
} as const

/** All 64 words: a number where it is known, a sum from 16 on, `undefined` for those that are read. */
export function schedule(first: Words): (number | Sum | undefined)[] {
  const words: (number | Sum | undefined)[] = [...first]
  for (let i = 16; i < 64; i += 1) {
    let known = 0
    const terms: Sum['terms'][number][] = []
    for (const [back, of] of [
      [16, 'itself'],
      [15, 'sigma0'],
      [7, 'itself'],
      [2, 'sigma1'],
    ] as const) {
      const word = words[i - back]
      if (typeof word === 'number') known = (known + folds[of](word)) | 0
      else terms.push({ word: i - back, of })
    }
    words.push(terms.length === 0 ? known : { known, terms })
  }
  return words
}

/** Word `i` as a round adds it. */
export const withConstant = (i: number, word: number): number => (word + roundConstants[i]!) | 0
