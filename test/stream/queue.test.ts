import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Queue } from '../../src/stream/queue.js'
import { collected } from '../support/garbage.js'

describe('Queue', () => {
  it('is empty at first, and after the last one is out', () => {
    const queue = new Queue<string>()
    for (let round = 0; round < 2; round += 1) {
      expect(queue.length).toBe(0)
      expect(queue.first).toBeUndefined()
      expect(queue.shift()).toBeUndefined()
      expect(queue.length).toBe(0)
      queue.push('a')
      expect(queue.first).toBe('a')
      expect(queue.length).toBe(1)
      expect(queue.shift()).toBe('a')
    }
  })

  it('puts another one in the place of the first, and nowhere where there is none', () => {
    const queue = new Queue<string>()
    queue.replaceFirst('nowhere')
    expect(queue.length).toBe(0)
    for (const item of ['a', 'b', 'c']) queue.push(item)
    queue.shift()
    queue.replaceFirst('B')
    expect([queue.length, queue.first, queue.shift(), queue.shift(), queue.shift()]).toEqual([
      2,
      'B',
      'B',
      'c',
      undefined,
    ])
    queue.replaceFirst('nowhere')
    expect(queue.length).toBe(0)
  })

  it('is the list that it stands for, whatever is done to it', () => {
    const pushes = fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 0, max: 300 }) })
    const shifts = fc.record({ kind: fc.constant('shift' as const), count: fc.integer({ min: 0, max: 300 }) })
    const others = fc.record({
      kind: fc.constantFrom('clear' as const, 'replace' as const),
      count: fc.constant(0),
    })
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 4, arbitrary: pushes }, { weight: 4, arbitrary: shifts }, others)),
        steps => {
          const queue = new Queue<number>()
          let list: number[] = []
          let next = 0
          for (const step of steps) {
            if (step.kind === 'clear') {
              queue.clear()
              list = []
            } else if (step.kind === 'replace') {
              queue.replaceFirst(-next)
              if (list.length > 0) list[0] = -next
            } else if (step.kind === 'push') {
              for (let i = 0; i < step.count; i += 1) {
                next += 1
                queue.push(next)
                list.push(next)
              }
            } else {
              for (let i = 0; i < step.count; i += 1) expect(queue.shift()).toBe(list.shift())
            }
            expect(queue.length).toBe(list.length)
            expect(queue.first).toBe(list[0])
          }
        },
      ),
    )
  })

  it('holds nothing that is out', () => {
    const queue = new Queue<object>()
    const taken: WeakRef<object>[] = []
    for (let i = 0; i < 200; i += 1) queue.push({ i })
    for (let i = 0; i < 150; i += 1) {
      const item = queue.shift()
      if (item !== undefined) taken.push(new WeakRef(item))
    }
    return collected().then(() => {
      expect(taken.filter(item => item.deref() !== undefined)).toEqual([])
      expect(queue.length).toBe(50)
    })
  })

  it('takes a time that grows as what goes through it does', () => {
    const queue = new Queue<number>()
    for (let i = 0; i < 1_000; i += 1) queue.push(i)
    // With all that wait moved for each that leaves, this would take minutes.
    for (let i = 0; i < 1_000_000; i += 1) {
      queue.push(i)
      queue.shift()
    }
    for (let i = 0; i < 1_500_000; i += 1) queue.push(i)
    while (queue.length > 0) queue.shift()
    expect(queue.length).toBe(0)
  })
})
