import { map, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import { type Crowd, Pace } from '../../src/peer/pace.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Clock } from '../../src/stream/environment.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'
import { PlayedRemote } from '../support/played-remote.js'

/** ms that each look at the clock takes of these peers: a message is a few looks, and a turn about as many. */
const WORK = 2

/** A peer in a time in which work takes time: it lets others have their turn, and goes on at `turns`. */
function busyPeer(options: PeerOptions = {}) {
  const time = virtualTime()
  const { scheduler, advance } = time
  let worked = 0
  const clock: Clock = {
    monotonic: () => {
      worked += WORK
      return scheduler.now() + worked
    },
    epoch: () => scheduler.now(),
  }
  const work = (ms: number) => {
    worked += ms
  }
  const remote = new PlayedRemote()
  const log: string[] = []
  const peers: Peer[] = []
  connect(of(remote.connection), {
    network: regtest,
    nonces: createNonces(),
    scheduler,
    clock,
    ...options,
  }).subscribe({
    next: peer => peers.push(peer),
    error: error => log.push(`error ${error.code}`),
  })
  const say = (...messages: readonly Message[]) => {
    for (const message of messages) remote.say(message)
    remote.speak()
  }
  say(remoteVersion(), { command: 'verack' })
  advance(0)
  const [peer] = peers
  if (peer === undefined) throw new Error(`no peer: ${log.join(', ')}`)
  return { peer, remote, log, say, turns: () => advance(0), work, pending: () => time.pending }
}

const getaddr: Message = { command: 'getaddr' }
const ping: Message = { command: 'ping', nonce: 7n }
const served: Message = { command: 'unknown', name: 'served', payload: new Uint8Array(1_000) }

const many = (message: Message, count: number): readonly Message[] =>
  Array.from({ length: count }, () => message)

/** Answers getaddr with so many messages, which are made when they are taken. */
const serving =
  (count: number): Behavior =>
  ({ on }) =>
    on('getaddr').pipe(map(() => many(served, count)))

describe('a peer whose turn is over', () => {
  it('reads on in the next turn, in order', () => {
    const { peer, remote, say, turns } = busyPeer()
    const delivered: string[] = []
    peer.messages$.subscribe(({ command }) => delivered.push(command))
    say(...many(ping, 20), getaddr)
    expect(delivered.length).toBeGreaterThan(0)
    expect(delivered.length).toBeLessThan(20)
    turns()
    expect(delivered).toEqual([...many(ping, 20), getaddr].map(({ command }) => command))
    expect(remote.heard.filter(({ command }) => command === 'pong')).toHaveLength(20)
  })

  it('answers on in the next turn, however fast the remote reads', () => {
    const { remote, say, turns } = busyPeer({ behaviors: { serve: serving(100) } })
    const answers = () => remote.heard.filter(({ command }) => command === 'unknown').length
    say(getaddr)
    expect(answers()).toBeGreaterThan(0)
    expect(answers()).toBeLessThan(10)
    turns()
    expect(answers()).toBe(100)
  })

  it('asks iterables that say nothing in turns too', () => {
    let asked = 0
    const silent: Behavior = ({ on }) =>
      on('getaddr').pipe(
        map(() => ({
          [Symbol.iterator]: () => ({
            next: () => {
              asked += 1
              return { done: true, value: undefined }
            },
          }),
        })),
      )
    const { remote, say, turns } = busyPeer({
      memoryLimit: 200_000,
      behaviors: { serve: serving(20), silent },
    })
    remote.taking = 'bit by bit'
    // What is full of answers to the first question makes the others wait.
    say(...many(getaddr, 12))
    turns()
    const before = asked
    expect(before).toBeLessThan(12)
    remote.taking = 'at once'
    remote.take(Number.POSITIVE_INFINITY)
    expect(asked).toBeLessThan(12)
    turns()
    expect(asked).toBe(12)
  })

  it('tells in turns what was written, where all is taken at once', () => {
    const { peer, remote, turns, work } = busyPeer()
    const settled: boolean[] = []
    remote.taking = 'bit by bit'
    for (let i = 0; i < 50; i += 1) {
      peer.send(served).subscribe(written => {
        work(3)
        settled.push(written)
      })
    }
    expect(settled).toEqual([])
    remote.take(Number.POSITIVE_INFINITY)
    expect(settled.length).toBeGreaterThan(0)
    expect(settled.length).toBeLessThan(20)
    turns()
    expect(settled).toEqual(Array.from({ length: 50 }, () => true))
    expect(peer.stats().memory.send).toBe(0)
  })

  it('does not read in a turn that it has used up by telling', () => {
    const { peer, remote, say, turns, work } = busyPeer()
    let delivered = 0
    peer.messages$.subscribe(() => {
      delivered += 1
    })
    remote.taking = 'bit by bit'
    peer.send(served).subscribe(() => work(100))
    remote.take(1)
    say(ping)
    expect(delivered).toBe(0)
    turns()
    expect(delivered).toBe(1)
  })

  it('tells the truth about what was taken and not told of, when it ends', () => {
    const { peer, remote, turns, work } = busyPeer()
    const settled: boolean[] = []
    remote.taking = 'bit by bit'
    for (let i = 0; i < 50; i += 1) {
      peer.send(served).subscribe(written => {
        work(3)
        settled.push(written)
      })
    }
    remote.take(40)
    expect(settled.length).toBeLessThan(20)
    remote.reset()
    turns()
    expect(settled.filter(written => written)).toHaveLength(40)
    expect(settled).toHaveLength(50)
  })

  it('hears of a reset that comes while it rests, also where reading has to wait afterwards', () => {
    const { remote, say, log, turns } = busyPeer({ memoryLimit: 20_000, behaviors: { serve: serving(1) } })
    remote.taking = 'bit by bit'
    say(...many(getaddr, 20))
    remote.reset()
    expect(log).toEqual([])
    turns()
    expect(log).toEqual(['error connection-reset'])
  })

  it('leaves no work behind when it has ended', () => {
    const { peer, remote, say, turns, pending } = busyPeer({ behaviors: { serve: serving(100) } })
    say(...many(getaddr, 20))
    peer.disconnect()
    const { length } = remote.heard
    turns()
    expect(remote.heard).toHaveLength(length)
    expect(pending()).toBe(0)
  })
})

describe('a pace', () => {
  /** A pace whose turns are run by hand, and work that takes the time it says. */
  function paced(crowd: Crowd = { busy: 0 }) {
    let now = 0
    const turns: (() => void)[] = []
    const pace = new Pace({
      clock: { monotonic: () => now, epoch: () => now },
      nextTurn: work => void turns.push(work),
      crowd,
    })
    const work = (ms: number) => {
      pace.begin()
      now += ms
      pace.step()
      pace.end()
    }
    return {
      pace,
      work,
      turn: () => turns.shift()?.(),
      waiting: () => turns.length,
      pass: (ms: number) => {
        now += ms
      },
    }
  }

  it('is spent above 4 ms of work, and not at them', () => {
    const { pace, work } = paced()
    work(4)
    pace.begin()
    expect(pace.spent).toBe(false)
    const other = paced()
    other.work(4.1)
    other.pace.begin()
    expect(other.pace.spent).toBe(true)
  })

  it('is spent earlier where many have work, so that all of them take 40 ms', () => {
    const crowd: Crowd = { busy: 0 }
    const others = Array.from({ length: 79 }, () => paced(crowd))
    for (const { pace } of others) pace.later(() => {})
    const { pace, work } = paced(crowd)
    work(0.5)
    pace.begin()
    expect(pace.spent).toBe(false)
    work(0.1)
    pace.step()
    expect(pace.spent).toBe(true)
    // Nobody has anything to do any more.
    for (const { turn } of others) turn()
    expect(crowd.busy).toBe(0)
    pace.step()
    expect(pace.spent).toBe(false)
  })

  it('takes off what passes while others work', () => {
    const { pace, work, pass } = paced()
    work(10)
    pass(5)
    pace.begin()
    expect(pace.spent).toBe(true)
    pace.end()
    pass(1)
    pace.begin()
    expect(pace.spent).toBe(false)
  })

  it('counts work inside of work once', () => {
    const { pace, work } = paced()
    const now = pace.begin()
    work(3)
    work(1)
    pace.step()
    expect(pace.spent).toBe(false)
    expect(now).toBe(0)
    work(1)
    pace.step()
    expect(pace.spent).toBe(true)
  })

  it('gives each kind of work as many turns as the others, where each would take all', () => {
    const { pace, work, turn, waiting } = paced()
    const done: string[] = []
    const busy = (name: string) => {
      work(10)
      done.push(name)
      pace.later(() => busy(name))
    }
    for (const name of ['reads', 'answers', 'tells']) pace.later(() => busy(name))
    for (let i = 0; i < 9; i += 1) {
      expect(waiting()).toBe(1)
      turn()
    }
    expect(done).toEqual([
      'reads',
      'answers',
      'tells',
      'reads',
      'answers',
      'tells',
      'reads',
      'answers',
      'tells',
    ])
  })

  it('begins each turn anew, however long the last one was', () => {
    const { pace, work, turn } = paced()
    work(100)
    let isSpent: boolean | undefined
    pace.later(() => {
      pace.begin()
      isSpent = pace.spent
    })
    turn()
    expect(isSpent).toBe(false)
  })

  it('does all that is short in one turn', () => {
    const { pace, work, turn, waiting } = paced()
    const done: number[] = []
    for (let i = 0; i < 3; i += 1) {
      pace.later(() => {
        work(1)
        done.push(i)
      })
    }
    turn()
    expect(done).toEqual([0, 1, 2])
    expect(waiting()).toBe(0)
  })
})
