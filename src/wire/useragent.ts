/** One program in a user agent (BIP14). */
export interface UserAgent {
  readonly name: string
  readonly version: string
  /** Anything the program wants to say of itself; written in brackets, separated by `; `. */
  readonly comments?: readonly string[] | undefined
}

/**
 * The BIP14 form: `/name:version(comment; comment)/name:version/`, outermost program last.
 * @throws TypeError where a name, version or comment contains one of `/ : ( )`, which BIP14 reserves
 * @example formatUserAgent([{ name: 'rxpeer', version: '0.1.0' }]) // '/rxpeer:0.1.0/'
 */
export function formatUserAgent(agents: readonly UserAgent[]): string {
  const parts = agents.map(({ name, version, comments = [] }) => {
    const reserved = [name, version, ...comments].find(part => /[/:()]/.test(part))
    if (reserved !== undefined)
      throw new TypeError(`"${reserved}" contains one of / : ( ), which BIP14 reserves`)
    return `${name}:${version}${comments.length > 0 ? `(${comments.join('; ')})` : ''}`
  })
  return `/${parts.join('/')}/`
}
