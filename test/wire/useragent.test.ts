import { expect, test } from 'vitest'
import { formatUserAgent, type UserAgent } from '../../src/wire/useragent.js'

test.each<[string, UserAgent[]]>([
  ['/rxpeer:0.1.0/', [{ name: 'rxpeer', version: '0.1.0' }]],
  ['/rxpeer:0.1.0/', [{ name: 'rxpeer', version: '0.1.0', comments: [] }]],
  ['/Satoshi:5.64(Android)/', [{ name: 'Satoshi', version: '5.64', comments: ['Android'] }]],
  ['/a:1(x; y)/', [{ name: 'a', version: '1', comments: ['x', 'y'] }]],
  [
    '/rxpeer:0.1.0/watcher:1.0.0(night; shift)/',
    [
      { name: 'rxpeer', version: '0.1.0' },
      { name: 'watcher', version: '1.0.0', comments: ['night', 'shift'] },
    ],
  ],
])('%s', (text, agents) => {
  expect(formatUserAgent(agents)).toBe(text)
})

test.each(['/', ':', '(', ')'])('the reserved character %s is refused wherever it stands', reserved => {
  const bad = `a${reserved}b`
  expect(() => formatUserAgent([{ name: bad, version: '1' }])).toThrow(TypeError)
  expect(() => formatUserAgent([{ name: 'a', version: bad }])).toThrow(TypeError)
  expect(() => formatUserAgent([{ name: 'a', version: '1', comments: ['fine', bad] }])).toThrow(TypeError)
  expect(() =>
    formatUserAgent([
      { name: 'a', version: '1' },
      { name: bad, version: '1' },
    ]),
  ).toThrow(TypeError)
})

test('what has no byte on the wire is refused here, not when the version message is sent', () => {
  expect(formatUserAgent([{ name: 'é', version: '\xff' }])).toBe('/é:\xff/')
  for (const bad of ['—', '\u0100', '😀']) {
    expect(() => formatUserAgent([{ name: 'a', version: '1', comments: [bad] }])).toThrow(TypeError)
  }
  expect(() => formatUserAgent([{ name: '\x1b—', version: '1' }])).toThrow('"\\x1b\\u2014" has')
})
