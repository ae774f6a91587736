import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { marksOf } from '../../src/peer/marks.js'
import type { PeerOptions } from '../../src/peer/options.js'
import { createMemoryBudget } from '../../src/stream/ledger.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const getaddr: Message = { command: 'getaddr' }
const waiting: Message = { command: 'unknown', name: 'waiting', payload: new Uint8Array(100_000) }

describe('the memory limit', () => {
  it('is shared: a quarter each for what is held, waits and is held back, a twentieth each for questions and answers', () => {
    expect(marksOf(20_000_000)).toEqual({
      held: 5_000_000,
      queue: 5_000_000,
      request: 5_000_000,
      question: 1_000_000,
      reply: 1_000_000,
    })
    const { peer } = converse()
    peer.hold(5_000_000)
    expect(peer.stats().memory).toEqual({
      frame: 0,
      held: 5_000_000,
      queue: 0,
      request: 0,
      question: 0,
      reply: 0,
      send: 0,
    })
  })

  it.each([0, -1, Number.NaN])('cannot be %d', memoryLimit => {
    expect(() => converse({ memoryLimit })).toThrow(TypeError)
  })
})

/** Peers of one budget, in one time. */
function sharing(limit: number, count: number) {
  const time = virtualTime()
  const budget = createMemoryBudget(limit)
  const options: PeerOptions = { memoryBudget: budget, scheduler: time.scheduler, clock: time.clock }
  const peers = Array.from({ length: count }, () => converse(options))
  const at = (i: number) => {
    const one = peers[i]
    if (one === undefined) throw new Error(`no peer ${i}`)
    return one
  }
  return { time, budget, at, logs: () => peers.map(({ log }) => log.at(-1)) }
}

describe('a memory budget', () => {
  it('counts all that its peers hold, on every account, and nothing once they are closed', () => {
    const { budget, at } = sharing(10_000_000, 2)
    expect(budget.used).toBe(0)
    const first = at(0)
    const second = at(1)
    const release = first.peer.hold(5_000_001)
    first.said.next(waiting)
    second.said.next(frameOf(waiting).subarray(0, 50_000))
    const sum = () =>
      [first, second]
        .flatMap(({ peer }) => Object.values(peer.stats().memory))
        .reduce((all, one) => all + one, 0)
    expect(first.peer.stats().memory.queue).toBeGreaterThan(100_000)
    expect(second.peer.stats().memory.frame).toBeGreaterThan(50_000)
    expect(budget.used).toBe(sum())
    release()
    expect(budget.used).toBe(second.peer.stats().memory.frame)
    second.peer.disconnect()
    first.peer.hold(1_000)
    expect(budget.used).toBe(1_000)
    first.said.complete()
    expect(budget.used).toBe(0)
  })

  it('ends the peer that holds the most, and leaves the others as they are', async () => {
    const { time, budget, at, logs } = sharing(10_000_000, 3)
    at(0).peer.hold(6_000_000)
    at(1).peer.hold(3_000_000)
    at(2).peer.hold(1_000_000)
    time.advance(0)
    expect(logs()).toEqual(['peer', 'peer', 'peer'])
    const delivered: string[] = []
    at(1).peer.messages$.subscribe(({ command }) => delivered.push(command))
    at(2).peer.hold(1_000)
    // Not in the middle of whatever the peer does that asks for more.
    expect(logs()).toEqual(['peer', 'peer', 'peer'])
    expect(budget.used).toBe(4_001_000)
    time.advance(0)
    expect(logs()).toEqual(['error memory-exceeded', 'peer', 'peer'])
    expect(await at(0).peer.waitForClose()).toMatchObject({ code: 'memory-exceeded', by: 'local' })
    at(1).said.next(getaddr)
    expect(delivered).toEqual(['getaddr'])
    expect(budget.used).toBe(4_001_000)
  })

  it('ends one after the other, as often as it has to', () => {
    const { time, budget, at, logs } = sharing(1_000_000, 4)
    at(0).peer.hold(500_000)
    at(1).peer.hold(400_000)
    at(2).peer.hold(300_000)
    at(3).peer.hold(950_000)
    time.advance(0)
    expect(logs()).toEqual(['error memory-exceeded', 'peer', 'peer', 'error memory-exceeded'])
    expect(budget.used).toBe(700_000)
    at(2).peer.hold(400_000)
    time.advance(0)
    expect(logs()[2]).toBe('error memory-exceeded')
    expect(budget.used).toBe(400_000)
    at(1).peer.disconnect()
    expect(budget.used).toBe(0)
  })

  it('ends a peer without writing what waits: it would have to be kept for that', () => {
    const { time, at, logs } = sharing(1_000_000, 1)
    const ended: string[] = []
    at(0).remote.ended$.subscribe(how => ended.push(how))
    at(0).peer.hold(1_000_001)
    time.advance(0)
    expect(logs()).toEqual(['error memory-exceeded'])
    expect(ended).toEqual(['abort'])
  })

  it('lets nothing of a peer that it ends reach users any more', () => {
    const { time, at } = sharing(5_200_000, 1)
    const delivered: string[] = []
    at(0).peer.messages$.subscribe({
      next: ({ command }) => delivered.push(command),
      complete: () => delivered.push('complete'),
    })
    const release = at(0).peer.hold(5_000_001)
    at(0).said.next(waiting)
    at(0).said.next(waiting)
    time.advance(0)
    release()
    expect(delivered).toEqual(['complete'])
  })

  it('is nothing to a peer that has ended by itself meanwhile', () => {
    const { time, budget, at, logs } = sharing(1_000_000, 1)
    at(0).peer.hold(1_000_001)
    at(0).peer.disconnect()
    time.advance(0)
    expect(logs()).toEqual(['complete'])
    expect(budget.used).toBe(0)
  })

  it('counts what is sent, what is answered and what waits to be answered', () => {
    const time = virtualTime()
    const budget = createMemoryBudget(10_000_000)
    const shaken: (() => void)[] = []
    const { peer, said } = converse(
      {
        memoryBudget: budget,
        scheduler: time.scheduler,
        clock: time.clock,
        memoryLimit: 20_000,
        behaviors: {
          serve: ({ on }) => on('getaddr').pipe(map(() => Array.from({ length: 50 }, () => getaddr))),
        },
      },
      { direction: 'inbound', taking: written => void shaken.push(written) },
    )
    for (let taken = shaken.shift(); taken !== undefined; taken = shaken.shift()) taken()
    expect(budget.used).toBe(0)
    said.next(getaddr)
    peer.send(getaddr)
    const { send, reply, question } = peer.stats().memory
    for (const one of [send, reply, question]) expect(one).toBeGreaterThan(0)
    expect(budget.used).toBe(send + reply + question)
    for (let taken = shaken.shift(); taken !== undefined; taken = shaken.shift()) taken()
    expect(budget.used).toBe(0)
  })
})
