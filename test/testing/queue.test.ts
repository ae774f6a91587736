import { describe, expect, it } from 'vitest'
import { Queue } from '../../src/testing/queue.js'

describe('a queue', () => {
  it('gives what came first, also where it was empty in between', () => {
    const queue = new Queue<number>()
    expect([queue.first, queue.shift()]).toEqual([undefined, undefined])
    queue.push(1)
    queue.push(2)
    expect([queue.first, queue.shift(), queue.first]).toEqual([1, 1, 2])
    queue.push(3)
    expect([queue.shift(), queue.shift(), queue.shift(), queue.first]).toEqual([2, 3, undefined, undefined])
    queue.push(4)
    expect([queue.first, queue.shift(), queue.first]).toEqual([4, 4, undefined])
  })
})
