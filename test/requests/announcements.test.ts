import { describe, expect, it } from 'vitest'
import { Announcements, PATIENCE, REMEMBERED } from '../../src/requests/announcements.js'

function remembering() {
  const time = { now: 0 }
  return { time, announcements: new Announcements(() => time.now) }
}

const keys = (count: number, name = 'k') => Array.from({ length: count }, (_, i) => `${name}${i}`)

describe('Announcements', () => {
  it('begins with each thing once, until it is lost or forgotten', () => {
    const { time, announcements } = remembering()
    expect(announcements.begin('a')).toBe(true)
    expect(announcements.begin('a')).toBe(false)
    time.now = PATIENCE - 1
    expect(announcements.begin('a')).toBe(false)
    time.now = PATIENCE
    expect(announcements.begin('a')).toBe(true)
    expect(announcements.begin('a')).toBe(false)
    announcements.forget('a')
    expect(announcements.begin('a')).toBe(true)
  })

  it('ends what is awaited by any of its names, for all of them', () => {
    const { time, announcements } = remembering()
    expect(announcements.end(['a', 'b'])).toBe(false)
    announcements.begin('b')
    expect(announcements.end(['a', 'b'])).toBe(true)
    expect(announcements.end(['a', 'b'])).toBe(false)
    time.now = 10 * PATIENCE
    expect(announcements.begin('a')).toBe(false)
    expect(announcements.begin('b')).toBe(false)
  })

  it('remembers half of its limit at least, and forgets the oldest', () => {
    const { announcements } = remembering()
    const all = keys(2 * REMEMBERED)
    for (const key of all) {
      announcements.begin(key)
      announcements.end([key])
    }
    const again = all.filter(key => announcements.begin(key))
    expect(again.length).toBeGreaterThanOrEqual(REMEMBERED)
    expect(again.length).toBeLessThanOrEqual(1.5 * REMEMBERED)
    expect(again).toEqual(all.slice(0, again.length))
  })

  it('awaits no more than its limit, and makes room of what was lost', () => {
    const { time, announcements } = remembering()
    const first = keys(REMEMBERED - 1)
    expect(first.every(key => announcements.begin(key))).toBe(true)
    time.now = 1
    expect(announcements.begin('last')).toBe(true)
    expect(announcements.begin('more')).toBe(false)
    announcements.end(['last'])
    expect(announcements.begin('more')).toBe(true)
    time.now = PATIENCE
    // All but the one that is younger.
    expect(keys(REMEMBERED - 1, 'x').every(key => announcements.begin(key))).toBe(true)
    expect(announcements.begin('too many')).toBe(false)
  })

  it('takes floods that no one answers, and such as are answered in part', () => {
    const { time, announcements } = remembering()
    // Each of a million looks would pass over all that is gone from the front, were it to look.
    for (const key of keys(REMEMBERED)) announcements.begin(key)
    for (let i = 0; i < 14_000; i += 1) {
      announcements.end([`k${i}`])
      announcements.begin(`x${i}`)
    }
    time.now = 1
    let begun = 0
    for (const key of keys(1_000_000, 'y')) if (announcements.begin(key)) begun += 1
    expect(begun).toBe(0)
  })
})
