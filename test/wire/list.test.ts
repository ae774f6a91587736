import { from, lastValueFrom, toArray } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { type List, ListView } from '../../src/wire/list.js'

describe('ListView', () => {
  const squares = new ListView(4, i => i * i)

  it('reads like an array: length, at, index, iteration', () => {
    expect(squares.length).toBe(4)
    expect([squares.at(0), squares.at(3), squares.at(-1), squares.at(4), squares.at(-5)]).toEqual([
      0,
      9,
      9,
      undefined,
      undefined,
    ])
    expect([squares[0], squares[3], squares[4]]).toEqual([0, 9, undefined])
    expect([...squares]).toEqual([0, 1, 4, 9])
    expect(Array.from(squares, x => x + 1)).toEqual([1, 2, 5, 10])
  })

  it('works in RxJS, which takes whatever has a length for an array', async () => {
    expect(await lastValueFrom(from(squares).pipe(toArray()))).toEqual([0, 1, 4, 9])
  })

  it('makes items only when they are asked for', () => {
    const read = vi.fn((i: number) => i)
    const list = new ListView(1_000_000, read)
    expect(read).not.toHaveBeenCalled()
    list.at(999_999)
    expect(read.mock.calls).toEqual([[999_999]])
  })

  it('answers other properties as objects do', () => {
    expect('length' in squares).toBe(true)
    expect(Reflect.get(squares, 'nothing')).toBeUndefined()
    expect(Reflect.get(squares, '-1')).toBeUndefined()
    expect(String(squares)).toBe('[object Object]')
    expect(squares).toBeInstanceOf(ListView)
  })

  it('is gone through by as many at once as like, and each from its beginning', () => {
    const pairs = []
    for (const a of squares) for (const b of squares) if (a < b) pairs.push([a, b])
    expect(pairs).toHaveLength(6)
    const iterator = squares[Symbol.iterator]()
    expect([iterator.next(), iterator.next()]).toEqual([
      { done: false, value: 0 },
      { done: false, value: 1 },
    ])
    expect(iterator).toHaveProperty('next')
    expect(Array.from({ [Symbol.iterator]: () => iterator })).toEqual([4, 9])
    expect([iterator.next(), iterator.next()]).toEqual(Array(2).fill({ done: true, value: undefined }))
    const again: unknown = Reflect.get(iterator, Symbol.iterator)
    expect(typeof again === 'function' && Reflect.apply(again, iterator, [])).toBe(iterator)
    const arrays = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
    expect(Object.prototype.isPrototypeOf.call(arrays, iterator)).toBe(true)
  })

  it('has arrays as lists', () => {
    const list: List<number> = [1, 2]
    expect(list.at(-1)).toBe(2)
  })
})
