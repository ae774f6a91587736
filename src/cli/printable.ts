/** What our own lines use beyond ASCII. */
const OWN = '…→←·—'

/**
 * Text that is safe on a terminal: printable ASCII and a few signs of our own; all else, above all escape sequences
 * and line ends that a remote may send, as `\x1b` or `\u202e`.
 */
export function printable(text: string): string {
  return Array.from(text, character => {
    if ((character >= ' ' && character <= '~') || OWN.includes(character)) return character
    const code = character.codePointAt(0) ?? 0
    const hex = code.toString(16)
    return code <= 0xff ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`
  }).join('')
}
