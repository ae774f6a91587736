import { describe, expect, it } from 'vitest'
import { Window } from '../../src/requests/engine/window.js'

describe('Window', () => {
  it('has as many as it is told while nothing is known of their sizes', () => {
    const window = new Window({ first: 16, most: 1_000 }, 5_000_000)
    expect(window.size).toBe(16)
    window.grow()
    expect(window.size).toBe(16)
    expect(new Window({ first: 16, most: 3 }, 5_000_000).size).toBe(3)
  })

  it('doubles while they are small, up to the most', () => {
    const window = new Window({ first: 16, most: 100 }, 5_000_000)
    window.saw(300)
    const sizes = [1, 2, 3, 4].map(() => {
      window.grow()
      return window.size
    })
    expect(sizes).toEqual([32, 64, 100, 100])
  })

  it('has no more than fit of the largest that came, and one in any case', () => {
    const window = new Window({ first: 16, most: 100 }, 1_000)
    window.saw(90)
    expect(window.size).toBe(11)
    window.saw(250)
    window.saw(10)
    expect(window.size).toBe(4)
    window.saw(1_001)
    expect(window.size).toBe(1)
  })

  it('tells how many fit into what is left', () => {
    const window = new Window({ first: 16, most: 100 }, 1_000)
    expect(window.fit(0)).toBe(Number.POSITIVE_INFINITY)
    window.saw(100)
    expect([-50, 0, 99, 100, 999].map(left => window.fit(left))).toEqual([0, 0, 0, 1, 9])
  })
})
