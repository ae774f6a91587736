/** Characters that a text of the remote may take in a line (Core's longest reject reason). */
const MAX_TEXT = 111

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`
}

/**
 * Text that is safe on terminals and in logs: all that is not printable ASCII, such as the escape sequences and line
 * ends that a remote may send, as `\x1b` or `\u202e`. Printable text comes back as it is, so twice does what once does.
 */
export function printable(text: string): string {
  return text.replace(/[^ -~]/gu, escaped)
}

/** Text of the remote to stand between quotes: {@link printable}, quotes and backslashes escaped, and not too long. */
export function safeText(text: string): string {
  const cut = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
  const safe = printable(cut.replace(/[\\"]/g, '\\$&'))
  return cut === text ? safe : `${safe}…`
}
