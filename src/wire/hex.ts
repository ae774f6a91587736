import { safeText } from './printable.js'

/** Characters that are put together at a time: a call takes only so many arguments. */
const PIECE = 4_096

/**
 * A text by the code of each character. V8 keeps a text that grows by one character after the other as the tree of its
 * parts, ten times its size: what is kept by the thousand, such as hashes as keys, has to be made at once.
 */
function textOf(length: number, codeAt: (index: number) => number): string {
  let text = ''
  for (let start = 0; start < length; start += PIECE) {
    const codes: number[] = []
    const end = Math.min(length, start + PIECE)
    for (let index = start; index < end; index += 1) codes.push(codeAt(index))
    text += String.fromCharCode(...codes)
  }
  return text
}

/** Bytes as text, one character a byte, so that what is not ASCII survives unchanged. */
export function latin1(bytes: Uint8Array): string {
  return textOf(bytes.length, index => bytes[index]!)
}

const digits = Uint8Array.from('0123456789abcdef', character => character.charCodeAt(0))
const digit = (byte: number, index: number): number => digits[(index & 1) === 0 ? byte >> 4 : byte & 15]!

/** Bytes as lower-case hex, first byte first. */
export function bytesToHex(bytes: Uint8Array): string {
  return textOf(2 * bytes.length, index => digit(bytes[index >> 1]!, index))
}

/**
 * Hex, of either case, as bytes.
 * @throws TypeError for an odd number of digits or anything that is not a hex digit
 */
export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) throw new TypeError(`not hex: "${safeText(hex)}"`)
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/**
 * A hash in display order: the hex that explorers and RPC show, which is the reverse of the wire.
 * @example toHex(block.hash) // '000000000019d6689c085ae1…'
 */
export function toHex(hash: Uint8Array): string {
  const last = hash.length - 1
  return textOf(2 * hash.length, index => digit(hash[last - (index >> 1)]!, index))
}

/**
 * The 32 bytes, in wire order, of a hash in display hex.
 * @throws TypeError unless it has exactly 64 hex digits
 */
export function fromHex(display: string): Uint8Array {
  if (display.length !== 64) throw new TypeError(`a hash has 64 hex digits, not ${display.length}`)
  return hexToBytes(display).reverse()
}

/** Whether two byte strings are equal. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}
