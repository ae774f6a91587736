import { filter, from, map, mergeMap } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import type { Answer, Behavior } from '../../src/behaviors/behavior.js'
import { accept } from '../../src/peer/accept.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { memoryPair } from '../../src/transport/memory.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { converse } from '../support/conversation.js'

const getaddr: Message = { command: 'getaddr' }
const FRAME = 24
/** What a message costs beside its frame while it waits to be written. */
const COST = 116
/** What an answer of numbers costs while it waits for room. */
const ANSWER = 144
/** What an iterator costs while it waits. */
const ITERATOR = 300
/** What a pong costs while it waits to be written. */
const PONG = FRAME + 8 + COST

const ping = (nonce: number): Message => ({ command: 'ping', nonce: BigInt(nonce) })
const pong = (nonce: number): Message => ({ command: 'pong', nonce: BigInt(nonce) })

/** A behavior that answers getaddr. */
const answering =
  (answer: (round: number) => Answer): Behavior =>
  ({ on }) =>
    on('getaddr').pipe(map((_, round) => answer(round)))

/**
 * A peer of a remote that reads when the test says so.
 * @param mark - bytes of replies that may wait, and of questions
 */
function serving(mark: number, options: PeerOptions = {}) {
  const taking: (() => void)[] = []
  const conversation = converse(
    { memoryLimit: 20 * mark, ...options },
    { direction: 'inbound', taking: written => void taking.push(written) },
  )
  const { remote, said, written, peer } = conversation
  for (let taken = taking.shift(); taken !== undefined; taken = taking.shift()) taken()
  const pause = vi.spyOn(remote.connection, 'pause')
  const resume = vi.spyOn(remote.connection, 'resume')
  const before = written.length
  return {
    ...conversation,
    calls: () => [pause.mock.calls.length, resume.mock.calls.length],
    /** What was answered so far, taken or not. */
    answers: () => written.slice(before),
    take: (count = 1) => {
      for (let i = 0; i < count; i += 1) taking.shift()?.()
    },
    takeAll: () => {
      for (let taken = taking.shift(); taken !== undefined; taken = taking.shift()) taken()
    },
    ask: (count = 1) => {
      for (let i = 0; i < count; i += 1) said.next(getaddr)
    },
    memory: () => peer.stats().memory,
  }
}

describe('answers', () => {
  it('are made while less than the mark waits to be written, and not at it', () => {
    for (const [mark, made] of [
      [2 * PONG, 2],
      [2 * PONG + 1, 3],
    ] as const) {
      const { said, answers, memory } = serving(mark)
      for (let nonce = 1; nonce <= 5; nonce += 1) said.next(ping(nonce))
      expect(answers()).toEqual([1, 2, 3].slice(0, made).map(pong))
      expect(memory()).toMatchObject({ reply: made * PONG, question: (5 - made) * ANSWER })
    }
  })

  it('are made again as what waits is taken, in the order of the questions', () => {
    const { said, answers, take, takeAll, memory } = serving(PONG)
    for (let nonce = 1; nonce <= 4; nonce += 1) said.next(ping(nonce))
    expect(answers()).toEqual([1].map(pong))
    take()
    expect(answers()).toEqual([1, 2].map(pong))
    takeAll()
    expect(answers()).toEqual([1, 2, 3, 4].map(pong))
    expect(memory()).toMatchObject({ reply: 0, question: 0 })
  })

  it('of iterables are taken one at a time, when there is room for the next', () => {
    const taken: number[] = []
    function* many() {
      for (let i = 0; i < 5; i += 1) {
        taken.push(i)
        yield pong(i)
      }
    }
    const { ask, take, takeAll, answers, memory } = serving(3 * PONG, {
      behaviors: { serve: answering(() => many()) },
    })
    ask()
    expect(taken).toEqual([0, 1, 2])
    expect(memory()).toMatchObject({ reply: 3 * PONG, question: ITERATOR })
    take()
    expect(taken).toEqual([0, 1, 2, 3])
    takeAll()
    expect(taken).toEqual([0, 1, 2, 3, 4])
    expect(answers()).toEqual(taken.map(pong))
    expect(memory()).toMatchObject({ reply: 0, question: 0 })
  })

  it('of one question come before those of the next, whoever answers', () => {
    const iterable = (round: number) => [10 * round, 10 * round + 1].map(pong)
    const { said, ask, takeAll, answers } = serving(PONG, {
      behaviors: {
        first: answering(round => iterable(round)),
        second: answering(round => ping(round)),
      },
    })
    ask()
    said.next(ping(7))
    ask()
    takeAll()
    expect(answers()).toEqual([...[0, 1].map(pong), ping(0), pong(7), ...[10, 11].map(pong), ping(1)])
  })

  it('to what comes in when there is room again wait behind what waits', () => {
    const { peer, said, answers, takeAll } = serving(PONG)
    for (let nonce = 1; nonce <= 2; nonce += 1) said.next(ping(nonce))
    let sent = 0
    peer.sent$.subscribe(() => {
      sent += 1
      if (sent === 1) said.next(ping(3))
    })
    takeAll()
    expect(answers()).toEqual([1, 2, 3].map(pong))
  })

  it('that a behavior gives at another time wait for nobody, but for iterables', () => {
    const { peer, said, answers, takeAll } = serving(PONG, {
      behaviors: {
        serve: ({ announced$ }) =>
          announced$.pipe(
            mergeMap((_, round) => from<Answer[]>([round === 0 ? ping(1) : [ping(2), ping(3)]])),
          ),
      },
    })
    said.next(ping(8))
    said.next(ping(9))
    const announcement = { type: 1, hash: new Uint8Array(32) }
    peer.announce(announcement)
    expect(answers()).toEqual([pong(8), ping(1)])
    peer.announce(announcement)
    takeAll()
    expect(answers()).toEqual([pong(8), ping(1), pong(9), ping(2), ping(3)])
  })

  it('that a user’s handler brings about are no answers', () => {
    const { peer, said, answers, memory } = serving(PONG, {
      behaviors: { serve: ({ announced$ }) => announced$.pipe(map(() => ping(1))) },
    })
    peer.on('ping').subscribe(() => peer.announce({ type: 1, hash: new Uint8Array(32) }))
    said.next(ping(8))
    said.next(ping(9))
    expect(answers()).toEqual([pong(8), ping(1), ping(1)])
    expect(memory()).toMatchObject({ reply: PONG, question: ANSWER, send: 2 * PONG })
  })

  it('without an end take no more than others', () => {
    function* endless() {
      for (let i = 0; ; i += 1) yield pong(i)
    }
    const { ask, take, answers, memory } = serving(10 * PONG, {
      behaviors: { serve: answering(() => endless()) },
    })
    ask(3)
    expect(answers()).toHaveLength(10)
    take(5)
    expect(answers()).toHaveLength(15)
    expect(memory()).toMatchObject({ reply: 10 * PONG, question: 3 * ITERATOR })
  })

  it('of which there are none cost nothing', () => {
    const { ask, memory, answers } = serving(PONG, { behaviors: { serve: answering(() => []) } })
    ask(5)
    expect(memory()).toMatchObject({ reply: 0, question: 0 })
    expect(answers()).toEqual([])
  })

  it('that a transport takes at the call are made at the call', () => {
    const { said, written } = converse(
      { behaviors: { serve: answering(() => Array.from({ length: 5_000 }, (_, i) => pong(i))) } },
      { direction: 'inbound' },
    )
    said.next(getaddr)
    expect(written.filter(({ command }) => command === 'pong')).toHaveLength(5_000)
  })
})

describe('questions that wait', () => {
  it('make the remote wait above their mark and not at it, and let it go on at half', () => {
    const mark = 10 * ANSWER
    const { said, calls, take, memory } = serving(mark)
    let nonce = 0
    const asking = (count: number) => {
      for (let i = 0; i < count; i += 1) {
        nonce += 1
        said.next(ping(nonce))
      }
    }
    // Ten pongs are above the mark of what waits to be written.
    asking(10)
    expect(memory()).toMatchObject({ reply: 10 * PONG, question: 0 })
    asking(10)
    expect(memory().question).toBe(mark)
    expect(calls()).toEqual([0, 0])
    asking(1)
    expect(calls()).toEqual([1, 0])
    take(5)
    expect(memory().question).toBe(6 * ANSWER)
    expect(calls()).toEqual([1, 0])
    take()
    expect(memory().question).toBe(5 * ANSWER)
    expect(calls()).toEqual([1, 1])
  })

  it('have a mark of 1,000,000 bytes, as answers do', () => {
    const { said, memory, calls } = serving(1_000_000)
    const chunk = Buffer.concat(Array.from({ length: 100 }, (_, i) => frameOf(ping(i))))
    while (calls()[0] === 0) said.next(Uint8Array.from(chunk))
    expect(memory().reply).toBe(Math.ceil(1_000_000 / PONG) * PONG)
    expect(memory().question).toBe((Math.floor(1_000_000 / ANSWER) + 1) * ANSWER)
  })

  it('are counted with what they keep: their objects, and the chunk that they came in, once', () => {
    const getdata: Message = { command: 'getdata', inventory: [{ type: 1, hash: new Uint8Array(32) }] }
    const answer =
      (): Behavior =>
      ({ on }) =>
        on('getdata').pipe(map(() => [pong(1), pong(2)]))
    const { said, memory } = serving(20 * PONG, { behaviors: { serve: answer() } })
    for (let nonce = 1; nonce <= 20; nonce += 1) said.next(ping(nonce))
    const chunk = Uint8Array.from(Buffer.concat([getdata, getdata, getdata].map(message => frameOf(message))))
    said.next(chunk)
    // A message of one list: 100 for itself, 165 for the list, and 100 for the buffer of the chunk.
    expect(memory().question).toBe(3 * (ITERATOR + 265) + chunk.length + 100)
  })

  it('are none where nobody answers: what else comes in does not wait for room', () => {
    const { said, calls, peer } = serving(PONG)
    const seen: string[] = []
    peer.messages$.subscribe(({ command }) => seen.push(command))
    for (let nonce = 1; nonce <= 2; nonce += 1) said.next(ping(nonce))
    for (let i = 0; i < 100; i += 1)
      said.next({ command: 'unknown', name: 'data', payload: new Uint8Array(1_000) })
    expect(calls()).toEqual([0, 0])
    expect(seen).toHaveLength(102)
  })
})

describe('an iterable that fails', () => {
  it.each<[string, () => Answer]>([
    [
      'when it is begun',
      () => ({
        [Symbol.iterator]: () => {
          throw new RangeError('mine')
        },
      }),
    ],
    [
      'at the first answer',
      () => ({
        [Symbol.iterator]: () => ({
          next: () => {
            throw new RangeError('mine')
          },
        }),
      }),
    ],
    [
      'behind the first answer',
      function* fails() {
        yield pong(1)
        throw new RangeError('mine')
      },
    ],
  ])('%s ends the peer and names the behavior', async (_, answer) => {
    const { ask, peer, takeAll, memory } = serving(10 * PONG, { behaviors: { serve: answering(answer) } })
    ask()
    takeAll()
    expect(await peer.waitForClose()).toMatchObject({
      code: 'behavior-failed',
      reason: expect.stringMatching(/"serve".*mine/),
    })
    expect(memory()).toMatchObject({ question: 0, reply: 0 })
  })

  it('with an answer that cannot be encoded does too, and leaves no trace', async () => {
    const { ask, peer } = serving(10 * PONG, { behaviors: { serve: answering(() => [pong(1), ping(-1)]) } })
    ask()
    expect(await peer.waitForClose()).toMatchObject({ code: 'behavior-failed' })
    expect(peer.stats().memory).toMatchObject({ question: 0, reply: 0 })
  })
})

describe('the end', () => {
  it('returns iterators that wait, each once, and answers nothing more', () => {
    const ended: number[] = []
    function* serve(round: number) {
      try {
        for (let i = 0; i < 10; i += 1) yield pong(i)
      } finally {
        ended.push(round)
      }
    }
    const { ask, peer, answers, takeAll, memory } = serving(2 * PONG, {
      behaviors: { serve: answering(serve) },
    })
    ask(3)
    peer.disconnect()
    // Those that were not begun have nothing to end.
    expect(ended).toEqual([0])
    expect(memory()).toMatchObject({ reply: 0, question: 0 })
    takeAll()
    expect(answers()).toHaveLength(2)
    expect(ended).toEqual([0])
  })

  it('is not moved by an iterator that throws when it is returned', () => {
    const returned: number[] = []
    const answer = (round: number) => ({
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: pong(round) }) as const,
        return: () => {
          returned.push(round)
          throw new RangeError('mine')
        },
      }),
    })
    const { ask, peer, log } = serving(10 * PONG, { behaviors: { serve: answering(answer) } })
    ask(2)
    peer.disconnect()
    expect(returned).toEqual([0, 1])
    expect(log).toEqual(['peer', 'complete'])
  })

  it('may come from an iterable in the middle of its work', () => {
    const made: number[] = []
    const conversation: { end?: () => void } = {}
    function* serve() {
      made.push(1)
      conversation.end?.()
      yield pong(1)
      made.push(2)
    }
    const { ask, peer, log, memory } = serving(10 * PONG, { behaviors: { serve: answering(() => serve()) } })
    conversation.end = () => peer.disconnect()
    ask(2)
    expect(log).toEqual(['peer', 'complete'])
    expect(made).toEqual([1])
    expect(memory()).toMatchObject({ reply: 0, question: 0 })
  })
})

describe('an iterable that ends the peer', () => {
  it('and has nothing to say any more is given back once', () => {
    const conversation: { end?: () => void } = {}
    const answer = (): Answer => ({
      [Symbol.iterator]: () => ({
        next: () => {
          conversation.end?.()
          return { done: true, value: undefined }
        },
      }),
    })
    const { ask, peer, log, memory } = serving(10 * PONG, { behaviors: { serve: answering(answer) } })
    conversation.end = () => peer.disconnect()
    ask()
    expect(log).toEqual(['peer', 'complete'])
    expect(memory()).toMatchObject({ reply: 0, question: 0 })
  })

  it('by its own fault is not returned', () => {
    const returned = vi.fn(() => ({ done: true, value: undefined }) as const)
    const answer = (): Answer => ({
      [Symbol.iterator]: () => ({
        next: () => {
          throw new RangeError('mine')
        },
        return: returned,
      }),
    })
    const { ask, log } = serving(10 * PONG, { behaviors: { serve: answering(answer) } })
    ask()
    expect(log).toEqual(['peer', 'error behavior-failed'])
    expect(returned).not.toHaveBeenCalled()
  })
})

describe('two peers', () => {
  it('that serve each other more than both may have waiting never wait for each other', async () => {
    const COUNT = 40
    const payload = new Uint8Array(50_000)
    function* blocks() {
      for (let i = 0; i < COUNT; i += 1) yield { command: 'unknown', name: 'served', payload } as const
    }
    // A reply may be four times what may wait, and a transport takes less than one.
    const options = (): PeerOptions => ({
      network: regtest,
      nonces: createNonces(),
      memoryLimit: 250_000,
      behaviors: {
        serve: ({ on }) =>
          on('unknown').pipe(
            filter(({ name }) => name === 'ask'),
            map(() => blocks()),
          ),
      },
    })
    const [here, there] = memoryPair({ capacity: 20_000 })
    const got = [0, 0]
    const both = [connect(from([here]), options()), accept(there, options())]
    await new Promise<void>((resolve, reject) => {
      both.forEach((peer$, i) => {
        peer$.subscribe({
          next: peer => {
            peer.on('unknown').subscribe(({ name }) => {
              if (name === 'ask') return
              got[i] = (got[i] ?? 0) + 1
              if (got.every(count => count === 2 * COUNT)) resolve()
            })
            for (let asked = 0; asked < 2; asked += 1)
              peer.send({ command: 'unknown', name: 'ask', payload: new Uint8Array(0) })
          },
          error: reject,
        })
      })
    })
    expect(got).toEqual([2 * COUNT, 2 * COUNT])
  })
})
