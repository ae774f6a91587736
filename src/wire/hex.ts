const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Bytes as lower-case hex, first byte first. */
export function bytesToHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += digits[byte]
  return hex
}

/**
 * Hex, of either case, as bytes.
 * @throws TypeError for an odd number of digits or anything that is not a hex digit
 */
export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) throw new TypeError(`not hex: "${hex.slice(0, 80)}"`)
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/**
 * A hash in display order: the hex that explorers and RPC show, which is the reverse of the wire.
 * @example toHex(block.hash) // '000000000019d6689c085ae1…'
 */
export function toHex(hash: Uint8Array): string {
  let hex = ''
  for (let i = hash.length - 1; i >= 0; i -= 1) hex += digits[hash[i] ?? 0]
  return hex
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
