import { describe, expect, it } from 'vitest'
import { MAX_WANTED, PATIENCE, REMEMBERED, Wanted } from '../../src/requests/wanted.js'

function wanting() {
  const time = { now: 0 }
  return { time, wanted: new Wanted(() => time.now) }
}

const names = (count: number, name = 'k') => Array.from({ length: count }, (_, i) => `${name}${i}`)

describe('Wanted', () => {
  it('asks for each thing once, in the order of the announcements, until it is given up or forgotten', () => {
    const { time, wanted } = wanting()
    expect(['a', 'b', 'a'].map(name => wanted.note(name))).toEqual([true, true, false])
    expect(wanted.ask(1)).toEqual(['a'])
    expect(wanted.note('a')).toBe(false)
    expect(wanted.ask(5)).toEqual(['b'])
    expect(wanted.asked).toBe(2)
    time.now = PATIENCE - 1
    wanted.giveUp()
    expect(wanted.note('a')).toBe(false)
    time.now = PATIENCE
    wanted.giveUp()
    expect(wanted.note('a')).toBe(true)
    expect(wanted.ask(5)).toEqual(['a'])
    expect(wanted.forget('a')).toBe(true)
    expect(wanted.forget('a')).toBe(false)
    expect(wanted.note('a')).toBe(true)
  })

  it('takes what was asked for by any of its names, for all of them', () => {
    const { time, wanted } = wanting()
    expect(wanted.come(['a', 'b'])).toBe(false)
    wanted.note('b')
    expect(wanted.come(['a', 'b'])).toBe(false)
    wanted.ask(1)
    expect(wanted.come(['a', 'b'])).toBe(true)
    expect(wanted.come(['a', 'b'])).toBe(false)
    time.now = 10 * PATIENCE
    wanted.giveUp()
    expect(['a', 'b'].map(name => wanted.note(name))).toEqual([false, false])
  })

  it('remembers half of its limit at least, and forgets the oldest', () => {
    const { wanted } = wanting()
    const all = names(2 * REMEMBERED)
    for (const name of all) {
      wanted.note(name)
      wanted.ask(1)
      wanted.come([name])
    }
    const again = all.filter(name => {
      const isNew = wanted.note(name)
      wanted.ask(1)
      wanted.forget(name)
      return isNew
    })
    expect(again.length).toBeGreaterThanOrEqual(REMEMBERED)
    expect(again.length).toBeLessThanOrEqual(1.5 * REMEMBERED)
    expect(again).toEqual(all.slice(0, again.length))
  })

  it('wants no more than its limit, waiting and asked for together, and counts what they take', () => {
    const { time, wanted } = wanting()
    expect(names(MAX_WANTED - 1).every(name => wanted.note(name))).toBe(true)
    time.now = 1
    expect(wanted.note('last')).toBe(true)
    expect(wanted.note('more')).toBe(false)
    expect(wanted.ask(MAX_WANTED)).toHaveLength(MAX_WANTED)
    expect(wanted.note('more')).toBe(false)
    expect(wanted.cost).toBe(120 * MAX_WANTED)
    expect(wanted.come(['last'])).toBe(true)
    expect(wanted.note('more')).toBe(true)
    time.now = 1 + PATIENCE
    wanted.giveUp()
    // The one that still waits, and the one that is remembered.
    expect(wanted.cost).toBe(120 * 2)
  })

  it('takes floods that no one answers', () => {
    const { time, wanted } = wanting()
    for (const name of names(MAX_WANTED)) wanted.note(name)
    wanted.ask(MAX_WANTED)
    for (let i = 0; i < 1_400; i += 1) {
      wanted.come([`k${i}`])
      wanted.note(`x${i}`)
    }
    time.now = 1
    let begun = 0
    for (const name of names(1_000_000, 'y')) {
      wanted.giveUp()
      if (wanted.note(name)) begun += 1
    }
    expect(begun).toBe(0)
  }, 60_000)
})
