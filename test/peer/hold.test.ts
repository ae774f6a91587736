import { config } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { channelOf } from '../../src/peer/face.js'
import type { Peer } from '../../src/peer/peer.js'
import { TransportError } from '../../src/stream/connection.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'
import { watch } from '../support/watch.js'

// What is held is counted at what it takes in memory. Of a message that nobody knows with a payload of n bytes that is
// 200 for its objects, n + 24 for the chunk that it came in, 100 for the buffer that this is, and 300 for who holds it.
const HOLDING = 300
const OBJECTS = 200
const BUFFER = 100
const HEADER = 24
/** While such a message waits for users, its place among those that do. */
const PLACE = 60

const ping: Message = { command: 'ping', nonce: 7n }
const getaddr: Message = { command: 'getaddr' }
const named = (name: string, bytes = 200): Message => ({
  command: 'unknown',
  name,
  payload: new Uint8Array(bytes),
})
/** A message that takes so much while it waits for users. */
const waiting = (cost: number) => named('waiting', cost - PLACE - OBJECTS - BUFFER - HEADER)
/** Messages in one chunk. */
function together(...messages: readonly Message[]): Uint8Array {
  const frames = messages.map(message => frameOf(message))
  const chunk = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const frame of frames) {
    chunk.set(frame, at)
    at += frame.length
  }
  return chunk
}
const nameOf = (message: Message) => (message.command === 'unknown' ? message.name : message.command)

/** A peer, what its connection was told, and what was delivered to behaviors and users. */
function holding(options: Parameters<typeof converse>[0] = {}) {
  const seen: string[] = []
  const look: Behavior = ({ messages$ }) => watch(message => seen.push(nameOf(message)), messages$)
  const conversation = converse({ behaviors: { look }, ...options })
  const { peer, remote, written } = conversation
  const pause = vi.spyOn(remote.connection, 'pause')
  const resume = vi.spyOn(remote.connection, 'resume')
  const write = vi.spyOn(remote.connection, 'write')
  const delivered: string[] = []
  peer.messages$.subscribe({
    next: message => delivered.push(nameOf(message)),
    complete: () => delivered.push('complete'),
  })
  return {
    ...conversation,
    seen,
    delivered,
    write,
    calls: () => ({ pause: pause.mock.calls.length, resume: resume.mock.calls.length }),
    pongs: () => written.filter(({ command }) => command === 'pong').length,
    held: () => peer.stats().memory.held,
    queued: () => peer.stats().memory.queue,
  }
}

/** Whether users get what comes in now. */
function flows({ said, delivered }: ReturnType<typeof holding>): boolean {
  const before = delivered.length
  said.next(getaddr)
  return delivered.length > before
}

afterEach(() => {
  config.onUnhandledError = null
})

const reading = { pause: 0, resume: 0 }
const paused = { pause: 1, resume: 0 }
const resumed = { pause: 1, resume: 1 }

describe('hold', () => {
  it('lets users wait above 5,000,000 bytes and not at them', () => {
    const at = holding()
    at.peer.hold(5_000_000)
    expect(flows(at)).toBe(true)
    const above = holding()
    above.peer.hold(5_000_001)
    expect(flows(above)).toBe(false)
  })

  it('is a quarter of what the memory limit says', () => {
    const at = holding({ memoryLimit: 80_000 })
    at.peer.hold(20_000)
    expect(flows(at)).toBe(true)
    const above = holding({ memoryLimit: 80_000 })
    above.peer.hold(20_001)
    expect(flows(above)).toBe(false)
  })

  it('sums up what is held', () => {
    const holder = holding()
    const { peer, held } = holder
    peer.hold(4_000_000)()
    peer.hold(4_000_000)
    peer.hold(1_000_000)
    expect(held()).toBe(5_000_000)
    expect(flows(holder)).toBe(true)
    peer.hold(512)
    expect(held()).toBe(5_000_512)
    expect(flows(holder)).toBe(false)
  })

  it('goes on at half, and not before', () => {
    const above = holding()
    above.peer.hold(2_500_001)
    above.peer.hold(2_500_000)()
    expect(flows(above)).toBe(false)
    const half = holding()
    half.peer.hold(2_500_000)
    half.peer.hold(2_500_001)()
    expect(flows(half)).toBe(true)
  })

  it('as often as it has to', () => {
    const holder = holding()
    for (let i = 0; i < 3; i += 1) {
      const release = holder.peer.hold(5_000_001)
      expect(flows(holder)).toBe(false)
      release()
      expect(flows(holder)).toBe(true)
    }
    expect(holder.delivered).toHaveLength(6)
  })

  it.each([
    [0, 512],
    [511, 512],
    [513, 513],
    [-1, 512],
    [Number.NaN, 512],
  ])('of %d bytes counts %d', (bytes, counted) => {
    const { peer, held } = holding()
    const release = peer.hold(bytes)
    expect(held()).toBe(counted)
    release()
    expect(held()).toBe(0)
  })

  it('without an end lets users wait, and then lets them have what waited', () => {
    const holder = holding()
    const release = holder.peer.hold(Number.POSITIVE_INFINITY)
    expect(flows(holder)).toBe(false)
    release()
    expect(holder.held()).toBe(0)
    expect(flows(holder)).toBe(true)
  })

  it('counts once what is released twice', () => {
    const holder = holding()
    const release = holder.peer.hold(2_000_000)
    holder.peer.hold(3_000_001)
    release()
    release()
    expect(holder.held()).toBe(3_000_001)
    expect(flows(holder)).toBe(false)
  })
})

describe('hold without a size', () => {
  /** What is held when each message of a chunk is. */
  function heldBy(...chunks: readonly Uint8Array[]) {
    const holder = holding()
    const releases: (() => void)[] = []
    holder.peer.messages$.subscribe(() => releases.push(holder.peer.hold()))
    for (const chunk of chunks) holder.said.next(chunk)
    return { ...holder, releases }
  }

  it('counts the message in hand: who holds it, its objects, and the buffer that it came in', () => {
    expect(heldBy(together(named('x', 1_000))).held()).toBe(HOLDING + OBJECTS + BUFFER + HEADER + 1_000)
  })

  it('counts no buffer for a message of numbers, which keeps none', () => {
    expect(heldBy(together(ping, named('x', 60_000))).held()).toBe(
      HOLDING + 100 + HOLDING + OBJECTS + BUFFER + 2 * HEADER + 8 + 60_000,
    )
    expect(heldBy(together(ping)).held()).toBe(HOLDING + 100)
  })

  it('counts a chunk once for all its messages, as long as the last of them is held', () => {
    const chunk = together(named('x', 100), named('y', 100), named('z', 100))
    const { held, releases } = heldBy(chunk)
    const each = HOLDING + OBJECTS
    expect(held()).toBe(3 * each + BUFFER + chunk.length)
    releases[0]?.()
    releases[0]?.()
    expect(held()).toBe(2 * each + BUFFER + chunk.length)
    releases[2]?.()
    expect(held()).toBe(each + BUFFER + chunk.length)
    releases[1]?.()
    expect(held()).toBe(0)
  })

  it('counts each chunk, and one again that nobody held meanwhile', () => {
    const chunk = together(named('x', 100), named('y', 100))
    const { held } = heldBy(chunk, Uint8Array.from(chunk))
    expect(held()).toBe(4 * (HOLDING + OBJECTS) + 2 * (BUFFER + chunk.length))
    const again = holding()
    again.peer.messages$.subscribe(() => again.peer.hold()())
    again.said.next(chunk)
    expect(again.held()).toBe(0)
  })

  it('counts a message of the queue as one that came in by itself', () => {
    const holder = holding()
    const release = holder.peer.hold(5_000_001)
    holder.said.next(together(named('x', 100), named('y', 100)))
    holder.peer.messages$.subscribe(() => holder.peer.hold())
    release()
    expect(holder.held()).toBe(2 * (HOLDING + OBJECTS + BUFFER + 100))
  })

  it('counts what is in hand, not what was before', () => {
    const holder = holding()
    const release = holder.peer.hold(5_000_001)
    holder.said.next(named('x', 1_000))
    release()
    holder.peer.messages$.subscribe(() => holder.peer.hold())
    holder.said.next(ping)
    expect(holder.held()).toBe(HOLDING + 100)
  })

  it('counts the least there is where no message is in hand', () => {
    const { peer, said, held } = holding()
    said.next(named('x', 1_000))
    peer.hold()
    expect(held()).toBe(512)
  })

  it('is the same for everybody who has the message in hand', () => {
    const { peer, said, held } = holding()
    for (let i = 0; i < 2; i += 1) peer.on('unknown').subscribe(() => peer.hold())
    said.next(named('x', 1_000))
    expect(held()).toBe(2 * (HOLDING + OBJECTS + BUFFER + HEADER + 1_000))
  })

  it('lets users wait from the byte on that is above the mark', () => {
    const cost = HOLDING + OBJECTS + BUFFER + HEADER + 1_000
    for (const besides of [5_000_000 - cost, 5_000_001 - cost]) {
      const holder = holding()
      holder.peer.on('unknown').subscribe(() => holder.peer.hold())
      holder.said.next(named('x', 1_000))
      holder.peer.hold(besides)
      expect(flows(holder)).toBe(besides + cost === 5_000_000)
    }
  })
})

describe('while more is held than the mark allows', () => {
  it('users wait, and get everything in order when it is over', () => {
    const { peer, said, delivered } = holding()
    const release = peer.hold(6_000_000)
    for (const name of ['a', 'b', 'c']) said.next(named(name))
    expect(delivered).toEqual([])
    release()
    expect(delivered).toEqual(['a', 'b', 'c'])
  })

  it('pings are answered, and behaviors see wire order', () => {
    const { peer, said, seen, pongs } = holding()
    peer.hold(6_000_000)
    said.next(named('a'))
    said.next(ping)
    said.next(named('b'))
    expect(pongs()).toBe(1)
    expect(seen).toEqual(['a', 'ping', 'b'])
  })

  it('open questions get their answers, which never wait', () => {
    const { peer, said, delivered } = holding()
    const release = peer.hold(6_000_000)
    const asked: string[] = []
    const close = channelOf(peer).ask({
      take: message => {
        asked.push(nameOf(message))
        return message.command === 'pong' ? 'claimed' : 'passed'
      },
      ended: () => asked.push('ended'),
    })
    said.next(named('a'))
    said.next({ command: 'pong', nonce: 1n })
    said.next(named('b'))
    expect(asked).toEqual(['a', 'pong', 'b'])
    close()
    said.next(named('c'))
    release()
    expect(asked).toEqual(['a', 'pong', 'b'])
    expect(delivered).toEqual(['a', 'b', 'c'])
  })

  it('what is sent is sent', () => {
    const { peer, written } = holding()
    peer.hold(6_000_000)
    const settled: boolean[] = []
    peer.send(getaddr).subscribe(result => settled.push(result))
    expect(written.at(-1)).toEqual(getaddr)
    expect(settled).toEqual([true])
  })

  it('the message in hand still reaches everybody, the one after it waits', () => {
    const { peer, said, delivered } = holding()
    const others: string[] = []
    peer.on('ping').subscribe(() => peer.hold(6_000_000))
    peer.messages$.subscribe(message => others.push(nameOf(message)))
    said.next(together(ping, getaddr))
    expect(delivered).toEqual(['ping'])
    expect(others).toEqual(['ping'])
  })

  it('what waits is a message of its own, whatever chunk it came in', () => {
    const { peer, said } = holding()
    const release = peer.hold(6_000_000)
    const buffers: number[] = []
    peer.on('unknown').subscribe(({ payload }) => buffers.push(payload.buffer.byteLength))
    said.next(together(named('a', 100), named('b', 100)))
    // With an eighth beside it, it is not worth a copy; with more it is.
    said.next(together(named('c', 8_000), named('d', 1_000 - 2 * HEADER)))
    said.next(together(named('e', 8_000), named('f', 1_001 - 2 * HEADER)))
    release()
    expect(buffers).toEqual([100, 100, 9_000, 1_000 - 2 * HEADER, 8_000, 1_001 - 2 * HEADER])
  })
})

describe('what waits for users', () => {
  it('is counted at its cost: its place, its objects, its buffer', () => {
    const { peer, said, queued } = holding()
    const release = peer.hold(6_000_000)
    said.next(named('x', 1_000))
    expect(queued()).toBe(PLACE + OBJECTS + BUFFER + HEADER + 1_000)
    said.next(ping)
    expect(queued()).toBe(PLACE + OBJECTS + BUFFER + HEADER + 1_000 + PLACE + 100)
    release()
    expect(queued()).toBe(0)
  })

  it('makes the remote wait above 5,000,000 bytes and not at them, whatever else comes', () => {
    const { peer, said, calls, queued } = holding()
    peer.hold(6_000_000)
    said.next(waiting(3_000_000))
    said.next(waiting(2_000_000))
    expect(queued()).toBe(5_000_000)
    expect(calls()).toEqual(reading)
    said.next(ping)
    expect(calls()).toEqual(paused)
  })

  it('makes the remote wait one byte above', () => {
    const { peer, said, calls } = holding()
    peer.hold(6_000_000)
    said.next(waiting(3_000_000))
    said.next(waiting(2_000_001))
    expect(calls()).toEqual(paused)
  })

  it('lets it go on at half', () => {
    const { peer, said, calls } = holding()
    let release = peer.hold(6_000_000)
    said.next(waiting(2_500_001))
    said.next(waiting(2_500_000))
    expect(calls()).toEqual(paused)
    peer.on('unknown').subscribe(() => {
      release = peer.hold(6_000_000)
    })
    release()
    expect(calls()).toEqual(resumed)
    const above = holding()
    release = above.peer.hold(6_000_000)
    above.said.next(waiting(2_500_000))
    above.said.next(waiting(2_500_001))
    above.peer.on('unknown').subscribe(() => {
      release = above.peer.hold(6_000_000)
    })
    release()
    expect(above.calls()).toEqual(paused)
  })

  it('loses nothing while the remote waits, cut up or not, and keeps the order', () => {
    const { peer, said, delivered, seen, queued } = holding()
    const release = peer.hold(6_000_000)
    said.next(waiting(4_000_000))
    said.next(together(named('a', 1_100_000), named('b'), named('c')))
    said.next(named('d'))
    // What the chunk brings behind the mark is not even cut: behaviors see it in its turn.
    expect(seen).toEqual(['waiting', 'a'])
    expect(queued()).toBeGreaterThan(5_000_000)
    release()
    expect(delivered).toEqual(['waiting', 'a', 'b', 'c', 'd'])
    expect(seen).toEqual(delivered)
  })

  it('counts what is not cut yet as `frame`', () => {
    const { peer, said } = holding()
    peer.hold(6_000_000)
    said.next(together(waiting(4_000_000), waiting(1_001_000), named('b'), named('c', 100)))
    expect(peer.stats().memory.frame).toBe(200 + 100 + 2 * HEADER)
  })
})

describe('who subscribes while messages wait', () => {
  it('gets those that are still to be delivered, and never the one in hand', () => {
    const { peer, said } = holding()
    const release = peer.hold(6_000_000)
    for (const name of ['a', 'b', 'c']) said.next(named(name))
    const early: string[] = []
    const late: string[] = []
    peer.messages$.subscribe(message => {
      early.push(nameOf(message))
      if (early.length === 2) peer.messages$.subscribe(other => late.push(nameOf(other)))
    })
    release()
    said.next(named('d'))
    expect(early).toEqual(['a', 'b', 'c', 'd'])
    expect(late).toEqual(['c', 'd'])
  })

  it('gets the one that let them go on too, where that was in hand before users', () => {
    const { peer, said, delivered } = holding()
    const release = peer.hold(6_000_000)
    said.next(named('a'))
    said.next(named('b'))
    // An answer that goes to users as well ends the work that held so much.
    channelOf(peer).ask({
      take: message => {
        if (message.command !== 'pong') return 'passed'
        release()
        return 'shared'
      },
      ended: () => {},
    })
    const late: string[] = []
    peer.on('unknown').subscribe(message => {
      if (nameOf(message) === 'b') peer.messages$.subscribe(other => late.push(nameOf(other)))
    })
    said.next({ command: 'pong', nonce: 1n })
    said.next(named('c'))
    expect(delivered).toEqual(['a', 'b', 'pong', 'c'])
    expect(late).toEqual(['pong', 'c'])
  })

  it('does not get a message that was in hand of a question when it came', () => {
    const { peer, said } = holding()
    const late: string[] = []
    channelOf(peer).ask({
      take: message => {
        if (message.command === 'pong') peer.messages$.subscribe(other => late.push(nameOf(other)))
        return 'passed'
      },
      ended: () => {},
    })
    said.next({ command: 'pong', nonce: 1n })
    said.next(named('a'))
    expect(late).toEqual(['a'])
  })
})

describe('handlers that change what is held', () => {
  it('a release inside one goes on with the next message, not in the middle of this one', () => {
    const { peer, said, delivered } = holding()
    const order: string[] = []
    peer.on('getaddr').subscribe(() => {
      peer.hold(6_000_000)()
      order.push('released')
    })
    peer.on('ping').subscribe(() => order.push('ping'))
    said.next(together(getaddr, ping))
    expect(order).toEqual(['released', 'ping'])
    expect(delivered).toEqual(['getaddr', 'ping'])
  })

  it('a release inside one that had waited goes on behind it too', () => {
    const { peer, said } = holding()
    const release = peer.hold(6_000_000)
    const order: string[] = []
    peer.on('unknown').subscribe(message => {
      order.push(nameOf(message))
      peer.hold(6_000_000)()
      order.push('released')
    })
    for (const name of ['a', 'b']) said.next(named(name))
    release()
    expect(order).toEqual(['a', 'released', 'b', 'released'])
  })

  it('a hold inside of one stops what waits behind it', () => {
    const { peer, said, delivered } = holding()
    let release = peer.hold(6_000_000)
    peer.on('unknown').subscribe(() => {
      release = peer.hold(6_000_000)
    })
    for (const name of ['a', 'b', 'c']) said.next(named(name))
    for (const count of [1, 2, 3]) {
      release()
      expect(delivered).toHaveLength(count)
    }
    expect(delivered).toEqual(['a', 'b', 'c'])
  })

  it('what one sends, and asks, is sent at once', () => {
    const { peer, said, written } = holding()
    const release = peer.hold(6_000_000)
    const order: string[] = []
    peer.sent$.subscribe(({ command }) => order.push(command))
    peer.on('unknown').subscribe(message => {
      order.push(nameOf(message))
      peer.send(getaddr)
    })
    said.next(named('a'))
    said.next(named('b'))
    release()
    expect(order).toEqual(['a', 'getaddr', 'b', 'getaddr'])
    expect(written.slice(-2)).toEqual([getaddr, getaddr])
  })

  it('what comes in because reading goes on waits behind what waits', () => {
    const { peer, said, delivered } = holding()
    const release = peer.hold(6_000_000)
    said.next(waiting(2_400_000))
    said.next(waiting(3_000_000))
    said.next(named('a'))
    said.next(named('b'))
    peer.on('unknown').subscribe(() => peer.hold(1)())
    release()
    expect(delivered).toEqual(['waiting', 'waiting', 'a', 'b'])
  })

  it('a mistake in one takes nothing from the others', async () => {
    const { peer, said, delivered } = holding()
    const reported = new Promise(resolve => {
      config.onUnhandledError = resolve
    })
    const release = peer.hold(6_000_000)
    const bug = new RangeError('of the user')
    peer.on('unknown').subscribe(message => {
      if (nameOf(message) === 'a') throw bug
    })
    said.next(named('a'))
    said.next(named('b'))
    release()
    expect(delivered).toEqual(['a', 'b'])
    expect(await reported).toBe(bug)
  })
})

describe('an orderly end', () => {
  const faults: readonly (readonly [string, (said: ReturnType<typeof holding>['said']) => void, string])[] = [
    ['an EOF', said => said.complete(), 'remote-closed'],
    [
      'an EOF in the middle of a message',
      said => {
        said.next(frameOf(named('lost')).subarray(0, 30))
        said.complete()
      },
      'truncated-frame',
    ],
  ]

  it.each(faults)('%s reaches users behind what waits', async (_, end, code) => {
    const { peer, said, delivered, log, remote } = holding()
    const ended: string[] = []
    remote.ended$.subscribe(how => ended.push(how))
    const release = peer.hold(6_000_000)
    said.next(named('a'))
    said.next(named('b'))
    end(said)
    expect(log).toEqual(['peer'])
    expect(ended).toEqual(['abort'])
    release()
    expect(delivered).toEqual(['a', 'b', 'complete'])
    expect(log).toEqual(['peer', `error ${code}`])
    expect((await peer.waitForClose()).code).toBe(code)
  })

  it.each(faults)('%s ends questions and sends at once', (_, end, code) => {
    const taken: (() => void)[] = []
    const holder = converse({}, { taking: written => void taken.push(written) })
    for (let written = taken.shift(); written !== undefined; written = taken.shift()) written()
    const { peer, said, log } = holder
    const told: unknown[] = []
    channelOf(peer).ask({ take: () => 'passed', ended: reason => told.push(reason.code) })
    peer.hold(6_000_000)
    said.next(named('a'))
    peer.send(getaddr).subscribe(result => told.push(result))
    end(said)
    expect(told).toEqual([false, code])
    peer.send(getaddr).subscribe(result => told.push(result))
    channelOf(peer).ask({ take: () => 'passed', ended: reason => told.push(reason.code) })
    expect(told).toEqual([false, code, false, code])
    expect(log).toEqual(['peer'])
  })

  it('waits for nobody where nothing waits, however much is held', () => {
    const { peer, said, log } = holding()
    peer.hold(6_000_000)
    said.complete()
    expect(log).toEqual(['peer', 'error remote-closed'])
  })

  it('comes in its place: behind what is not cut yet, because reading waits', () => {
    const { peer, said, delivered } = holding()
    const release = peer.hold(6_000_000)
    said.next(together(waiting(3_000_000), waiting(2_100_000), named('a')))
    said.complete()
    const told: string[] = []
    channelOf(peer).ask({
      take: message => {
        told.push(nameOf(message))
        return 'passed'
      },
      ended: reason => told.push(reason.code),
    })
    expect(told).toEqual([])
    release()
    expect(told).toEqual(['a', 'remote-closed'])
    expect(delivered).toEqual(['waiting', 'waiting', 'a', 'complete'])
  })

  it('leaves nothing behind, though messages waited when it came', () => {
    const { peer, said, queued, held } = holding()
    const release = peer.hold(6_000_000)
    said.next(named('a'))
    said.complete()
    release()
    expect(queued()).toBe(0)
    expect(held()).toBe(0)
    expect(peer.stats().memory.frame).toBe(0)
  })
})

describe('any other end', () => {
  it('ours does not wait, and drops what waits', () => {
    const { peer, said, delivered, log, queued } = holding()
    const release = peer.hold(6_000_000)
    said.next(named('a'))
    peer.disconnect()
    expect(log).toEqual(['peer', 'complete'])
    expect(queued()).toBe(0)
    release()
    expect(delivered).toEqual(['complete'])
  })

  it('ours behind an orderly one does not wait either; the first of the two is told', () => {
    const { peer, said, delivered, log } = holding()
    peer.hold(6_000_000)
    said.next(named('a'))
    said.complete()
    expect(log).toEqual(['peer'])
    peer.disconnect()
    expect(log).toEqual(['peer', 'error remote-closed'])
    expect(delivered).toEqual(['complete'])
  })

  it('unsubscribing does not wait', () => {
    const { peer, said, delivered, unsubscribe } = holding()
    peer.hold(6_000_000)
    said.next(named('a'))
    unsubscribe()
    expect(delivered).toEqual(['complete'])
  })

  it('a reset drops what waits, also while the remote is made to wait', () => {
    for (const cost of [1_000_000, 1_000_001]) {
      const { peer, said, delivered, log, remote, queued } = holding()
      const ended: string[] = []
      remote.ended$.subscribe(how => ended.push(how))
      // A scripted remote says nothing while it waits; a socket that is written to tells of a reset.
      const pause = vi.spyOn(remote.connection, 'pause').mockReturnValue()
      peer.hold(6_000_000)
      said.next(waiting(4_000_000))
      said.next(waiting(cost))
      expect(pause.mock.calls.length).toBe(cost - 1_000_000)
      said.error(new TransportError('connection-reset'))
      expect(log).toEqual(['peer', 'error connection-reset'])
      expect(delivered).toEqual(['complete'])
      expect(ended).toEqual(['abort'])
      expect(queued()).toBe(0)
    }
  })

  it('ours inside of a handler: the message in hand reaches everybody, and nothing comes behind it', () => {
    const disconnecting = (peer: Peer, said: ReturnType<typeof holding>['said'], early: boolean) => {
      const others: string[] = []
      peer.on('unknown').subscribe(() => peer.disconnect())
      peer.messages$.subscribe({
        next: message => others.push(nameOf(message)),
        complete: () => others.push('complete'),
      })
      const release = early ? undefined : peer.hold(6_000_000)
      said.next(together(named('a'), named('b')))
      release?.()
      return others
    }
    for (const early of [true, false]) {
      const { peer, said, log } = holding()
      expect(disconnecting(peer, said, early)).toEqual(['a', 'complete'])
      expect(log).toEqual(['peer', 'complete'])
    }
  })

  it('ours inside of a handler that an answer let go on: nothing comes behind the message in hand', () => {
    const { peer, said, delivered, log } = holding()
    const release = peer.hold(6_000_000)
    said.next(named('a'))
    said.next(named('b'))
    channelOf(peer).ask({
      take: message => {
        if (message.command !== 'pong') return 'passed'
        release()
        return 'claimed'
      },
      ended: () => {},
    })
    peer.on('unknown').subscribe(() => peer.disconnect())
    said.next({ command: 'pong', nonce: 1n })
    expect(delivered).toEqual(['a', 'complete'])
    expect(log).toEqual(['peer', 'complete'])
  })

  it('comes in the order of all ends, also where messages waited', () => {
    const order: string[] = []
    const { peer, said } = converse({}, { log: order })
    peer.closed$.subscribe(({ code }) => order.push(`closed$ ${code}`))
    peer.messages$.subscribe({ complete: () => order.push('messages$') })
    peer.hold(6_000_000)
    said.next(named('a'))
    said.error(new TransportError('connection-reset'))
    expect(order).toEqual(['peer', 'closed$ connection-reset', 'error connection-reset', 'messages$'])
  })
})
