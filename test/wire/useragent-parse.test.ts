import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  displayUserAgent,
  formatUserAgent,
  parseUserAgent,
  type UserAgent,
} from '../../src/wire/useragent.js'

describe('BIP14', () => {
  it.each<[string, UserAgent[]]>([
    ['/Satoshi:28.1.0/', [{ name: 'Satoshi', version: '28.1.0' }]],
    [
      '/btcwire:0.5.0/btcd:0.24.2/',
      [
        { name: 'btcwire', version: '0.5.0' },
        { name: 'btcd', version: '0.24.2' },
      ],
    ],
    [
      '/a:1(c; d)/b:2/',
      [
        { name: 'a', version: '1', comments: ['c', 'd'] },
        { name: 'b', version: '2' },
      ],
    ],
    // The example of BIP14.
    [
      '/BitcoinJ:0.2(iPad; U; CPU OS 3_2_1)/AndroidBuild:0.8/',
      [
        { name: 'BitcoinJ', version: '0.2', comments: ['iPad', 'U', 'CPU OS 3_2_1'] },
        { name: 'AndroidBuild', version: '0.8' },
      ],
    ],
  ])('%s', (text, agents) => {
    expect(parseUserAgent(text)).toEqual(agents)
    expect(formatUserAgent(agents)).toBe(text)
  })

  it.each<[string, UserAgent[]]>([
    ['/a:1(c;d ;  e)/', [{ name: 'a', version: '1', comments: ['c', 'd', 'e'] }]],
    ['/a:/', [{ name: 'a', version: '' }]],
    ['/a b:1 2/', [{ name: 'a b', version: '1 2' }]],
    ['/a:1()/', [{ name: 'a', version: '1', comments: [''] }]],
  ])('read leniently: %s', (text, agents) => {
    expect(parseUserAgent(text)).toEqual(agents)
  })

  it.each([
    '',
    '/',
    '//',
    'Satoshi:1',
    '/Satoshi:1',
    'Satoshi:1/',
    '/Satoshi/',
    '/:1/',
    '/a:1//b:2/',
    '/a:1:2/',
    '/a:1(b/',
    '/a:1)/',
    '/a:1(b)c/',
    '/a:1(b)(c)/',
    '/a:1((b))/',
    '/a(b):1/',
    '/a:1(b/c)/',
    '/a:1(b:c)/',
  ])('"%s" is something else', text => {
    expect(parseUserAgent(text)).toBeUndefined()
  })
})

test('what is written is read', () => {
  const word = fc.string({ unit: fc.constantFrom(...'aZ09._-@, ') }).map(text => text.trim())
  const agent: fc.Arbitrary<UserAgent> = fc.record(
    {
      name: word.filter(text => text.length > 0),
      version: word,
      comments: fc.array(word, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['name', 'version'] },
  )
  fc.assert(
    fc.property(fc.array(agent, { minLength: 1, maxLength: 3 }), agents => {
      expect(parseUserAgent(formatUserAgent(agents))).toEqual(agents)
    }),
  )
})

test('any text is read or not, and what is read can be written and read again', () => {
  const nearly = fc.string({ unit: fc.constantFrom(...'a1/:();\n\x1b ÿ') }).map(text => `/a:${text}/`)
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearly), text => {
      const agents = parseUserAgent(text)
      if (agents) expect(parseUserAgent(formatUserAgent(agents))).toEqual(agents)
    }),
  )
})

describe('for display', () => {
  it.each([
    ['/Satoshi:28.1.0(a_b; c@d, e?-)/', '/Satoshi:28.1.0(a_b; c@d, e?-)/'],
    ['/a\x1b[31m:1\r\n\0/', '/a31m:1/'],
    ['/ä<b>"\'&:1/', '/b:1/'],
    ['\u202e/a:1/\x7f\x80ÿ', '/a:1/'],
  ])('%j', (text, shown) => {
    expect(displayUserAgent(text)).toBe(shown)
  })

  // Core's SAFE_CHARS, as the rule book has them.
  it('keeps letters, digits and 14 others of all characters', () => {
    const all = Array.from({ length: 0x300 }, (_, unit) => String.fromCharCode(unit)).join('')
    const kept = displayUserAgent(all)
    expect([...kept].sort()).toEqual(
      [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,;-_/:?@()'].sort(),
    )
  })
})
