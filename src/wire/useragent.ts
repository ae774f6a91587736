import { safeText } from './printable.js'

/** One program in a user agent (BIP14). */
export interface UserAgent {
  /** Name of the program. */
  readonly name: string
  /** Its version, in any form; may be empty. */
  readonly version: string
  /** Anything the program wants to say of itself; written in brackets, separated by `; `. */
  readonly comments?: readonly string[] | undefined
}

/**
 * The BIP14 form: `/name:version(comment; comment)/name:version/`, outermost program last.
 * @throws TypeError where a name, version or comment contains one of `/ : ( )`, which BIP14 reserves, or a character
 * above U+00FF, which has no byte on the wire
 * @example formatUserAgent([{ name: 'rxpeer', version: '0.1.0' }]) // '/rxpeer:0.1.0/'
 */
export function formatUserAgent(agents: readonly UserAgent[]): string {
  const parts = agents.map(({ name, version, comments = [] }) => {
    for (const part of [name, version, ...comments]) {
      if (/[/:()]/.test(part)) {
        throw new TypeError(`"${safeText(part)}" contains one of / : ( ), which BIP14 reserves`)
      }
      if (/[^\0-\xff]/.test(part)) {
        throw new TypeError(`"${safeText(part)}" has a character that does not fit one byte`)
      }
    }
    return `${name}:${version}${comments.length > 0 ? `(${comments.join('; ')})` : ''}`
  })
  return `/${parts.join('/')}/`
}

/** `name:version` and, in brackets, comments; none of them holds a reserved character. */
const program = /^([^/:()]+):([^/:()]*)(?:\(([^/:()]*)\))?$/

/**
 * The programs in a user agent, outermost last. Blanks around comments are dropped, and the version may be empty.
 * `undefined` where the text is not of the BIP14 form, which binds nobody: a remote may write what it likes.
 * @example parseUserAgent('/Satoshi:28.1.0(home; fast)/') // [{ name: 'Satoshi', version: '28.1.0', comments: ['home', 'fast'] }]
 */
export function parseUserAgent(text: string): UserAgent[] | undefined {
  if (text.length < 2 || !text.startsWith('/') || !text.endsWith('/')) return undefined
  const agents: UserAgent[] = []
  for (const part of text.slice(1, -1).split('/')) {
    const [, name, version, comments] = program.exec(part) ?? []
    if (name === undefined || version === undefined) return undefined
    agents.push(
      comments === undefined
        ? { name, version }
        : { name, version, comments: comments.split(';').map(comment => comment.trim()) },
    )
  }
  return agents
}

/**
 * A user agent that is safe to show and to log: only letters, digits and ` .,;-_/:?@()` of ASCII are left, as in
 * Core's `cleanSubVer`.
 */
export function displayUserAgent(text: string): string {
  return text.replace(/[^A-Za-z0-9 .,;\-_/:?@()]/g, '')
}
