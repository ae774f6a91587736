const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Bytes in base32 (RFC 4648), lower case and without padding, as Tor and I2P write their names. */
export function toBase32(bytes: Uint8Array): string {
  let text = ''
  let pending = 0
  let bits = 0
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(pending >> bits) & 31]
    }
  }
  return bits > 0 ? text + alphabet[(pending << (5 - bits)) & 31] : text
}

/** Base32 of either case as bytes; `undefined` for other characters, an impossible length, or stray bits at the end. */
export function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let pending = 0
  let bits = 0
  let written = 0
  for (const character of text.toLowerCase()) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) return undefined
    pending = ((pending << 5) | digit) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[written] = pending >> bits
      written += 1
    }
  }
  const stray = pending & ((1 << bits) - 1)
  return bits >= 5 || stray !== 0 ? undefined : bytes
}
