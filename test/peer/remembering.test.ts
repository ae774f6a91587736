import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../../src/peer/options.js'
import { remembering } from '../../src/peer/remembering.js'
import { regtest } from '../../src/wire/network.js'

interface Given {
  readonly one?: unknown
  readonly other?: unknown
}

describe('remembering', () => {
  const scene = () => remembering((given: Given) => ({ ...given }))

  it('answers what it answered last where all fields are the same', () => {
    const answer = scene()
    const thing = {}
    expect(answer({ one: thing, other: 1 })).toBe(answer({ one: thing, other: 1 }))
    expect(answer({})).toBe(answer({}))
  })

  it.each<[string, Given, Given]>([
    ['a field differs', { one: 1 }, { one: 2 }],
    ['an object is a copy', { one: [] }, { one: [] }],
    ['a field is there too', { one: 1 }, { one: 1, other: 2 }],
    ['a field is missing', { one: 1, other: 2 }, { one: 1 }],
    ['another field has the value', { one: 1 }, { other: 1 }],
    ['a field is there, and undefined', { one: undefined }, { other: undefined }],
  ])('makes another one where %s', (_, first, second) => {
    const answer = scene()
    const before = answer(first)
    expect(answer(second)).not.toBe(before)
    expect(answer(second)).toEqual(second)
  })

  it('is not misled by what the caller changes later', () => {
    const answer = scene()
    const given = { one: 1 }
    const before = answer(given)
    given.one = 2
    expect(answer(given)).not.toBe(before)
    expect(answer(given)).toEqual({ one: 2 })
  })

  it('remembers nothing of what could not be made', () => {
    let bad = true
    const answer = remembering((given: Given) => {
      if (bad) throw new TypeError('bad')
      return { ...given }
    })
    expect(() => answer({})).toThrow('bad')
    bad = false
    expect(answer({})).toEqual({})
  })
})

describe('options', () => {
  it('of peers that are given the same are shared', () => {
    expect(resolveOptions({ network: regtest })).toBe(resolveOptions({ network: regtest }))
    expect(resolveOptions({ network: regtest })).not.toBe(resolveOptions({ network: regtest, relay: false }))
  })

  it('with a table of behaviors are not: it may have changed', () => {
    const behaviors: { pong?: false } = {}
    expect(resolveOptions({ behaviors }).behaviors.has('pong')).toBe(true)
    behaviors.pong = false
    expect(resolveOptions({ behaviors }).behaviors.has('pong')).toBe(false)
  })

  it('have the same habits where their times are the same', () => {
    const { behaviors } = resolveOptions({ network: regtest, idleTimeout: 7_000 })
    expect(resolveOptions({ relay: false, idleTimeout: 7_000 }).behaviors).toBe(behaviors)
    expect(resolveOptions({ relay: false, idleTimeout: 7_001 }).behaviors).not.toBe(behaviors)
  })
})
