import { NEVER, of, Subject } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import { type Connection, TransportError } from '../../src/stream/connection.js'
import { frameOf, scriptedRemote } from '../../src/testing/scripted-remote.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { converse, remoteVersion } from '../support/conversation.js'
import { watch } from '../support/watch.js'

const named = (name: string, bytes = 200): Message => ({
  command: 'unknown',
  name,
  payload: new Uint8Array(bytes),
})
const nameOf = (message: Message) => (message.command === 'unknown' ? message.name : message.command)
const together = (...messages: readonly Message[]) =>
  Uint8Array.from(Buffer.concat(messages.map(message => frameOf(message))))

/** A peer in a time of its own, in which only what the test says takes any. */
function working(options: PeerOptions = {}) {
  const time = virtualTime()
  let taken = 0
  const clock = { monotonic: () => time.clock.monotonic() + taken, epoch: () => time.clock.epoch() }
  const conversation = converse({ scheduler: time.scheduler, clock, ...options })
  const { remote, peer } = conversation
  const order: string[] = []
  vi.spyOn(remote.connection, 'pause').mockImplementation(() => order.push('pause'))
  vi.spyOn(remote.connection, 'resume').mockImplementation(() => order.push('resume'))
  peer.messages$.subscribe({
    next: message => order.push(nameOf(message)),
    complete: () => order.push('complete'),
  })
  return {
    ...conversation,
    time,
    order,
    /** Handling each message takes so long, ms. */
    takes: (ms: number) =>
      peer.messages$.subscribe(() => {
        taken += ms
      }),
    pass: (ms: number) => {
      taken += ms
    },
  }
}

/** A peer over a transport that brings everything at the call: in the middle of a handler, and where it is paused. */
function overRaw(options: PeerOptions = {}) {
  const time = virtualTime()
  let taken = 0
  const clock = { monotonic: () => time.clock.monotonic() + taken, epoch: () => time.clock.epoch() }
  const bytes = new Subject<Uint8Array>()
  const order: string[] = []
  const log: string[] = []
  const { connection } = scriptedRemote(NEVER)
  const raw: Connection = {
    ...connection,
    bytes$: bytes,
    write: (_, written) => written?.(),
    pause: () => order.push('pause'),
    resume: () => order.push('resume'),
    close: () => {},
    abort: () => {},
  }
  const peers: Peer[] = []
  const slow: Behavior = ({ on }) =>
    watch(({ name }) => {
      if (name === 'slow') taken += 5
    }, on('unknown'))
  connect(of(raw), {
    network: regtest,
    nonces: createNonces(),
    scheduler: time.scheduler,
    clock,
    ...options,
    behaviors: { slow, ...options.behaviors },
  }).subscribe({ next: peer => peers.push(peer), error: ({ code }) => log.push(code) })
  for (const message of [remoteVersion(), { command: 'verack' } as const]) bytes.next(frameOf(message))
  const [peer] = peers
  if (peer === undefined) throw new Error('no peer after the handshake')
  peer.messages$.subscribe({
    next: message => order.push(nameOf(message)),
    complete: () => order.push('complete'),
  })
  return { bytes, peer, order, log, time }
}

const letters = (word: string) => Array.from(word, letter => named(letter))

describe('messages', () => {
  it('are handled one at a time, also when handling one brings more in', () => {
    const { peer, said, order } = working()
    peer.on('unknown').subscribe(message => {
      if (message.name === 'a') {
        said.next(named('c'))
        said.next(together(named('d'), named('e')))
      }
      order.push(`${message.name} handled`)
    })
    said.next(together(named('a'), named('b')))
    const expected = ['a', 'b', 'c', 'd', 'e']
    expect(order.filter(word => word.length === 1)).toEqual(expected)
    expect(order.filter(word => word.length > 1)).toEqual(expected.map(name => `${name} handled`))
    expect(peer.stats().memory.frame).toBe(0)
  })

  it('that are not whole are counted, with the room that is kept for them', () => {
    const { peer, said } = working()
    const frame = frameOf(named('x', 100_000))
    said.next(frame.slice(0, 10))
    expect(peer.stats().memory.frame).toBe(10)
    said.next(frame.slice(10, 1_024))
    // Twice of what has come, and the header.
    expect(peer.stats().memory.frame).toBe(24 + 2_000)
    // A large piece is kept as it is, behind the buffer of the small one.
    said.next(frame.slice(1_024, 80_024))
    expect(peer.stats().memory.frame).toBe(24 + 2_000 + 79_000)
    said.next(frame.slice(80_024))
    expect(peer.stats().memory.frame).toBe(0)
  })

  it('come no more after the end, whatever the transport brings', () => {
    const { peer, said, order } = working()
    peer.on('unknown').subscribe(() => peer.disconnect())
    said.next(together(named('a'), named('b')))
    said.next(named('c'))
    said.error(new TransportError('connection-reset'))
    expect(order).toEqual(['a', 'complete'])
    expect(peer.stats().memory.frame).toBe(0)
  })
})

describe('a peer that works for long', () => {
  it('lets others have their turn after more than 4 ms, and goes on', () => {
    for (const [ms, first] of [
      [4, 'aa'],
      [5, 'a'],
      [1, 'aaaaa'],
    ] as const) {
      const { said, time, order, takes } = working()
      takes(ms)
      said.next(together(...letters('aaaaaa')))
      expect(order).toEqual([...first, 'pause'])
      time.advance(0)
      expect(order.filter(word => word === 'a')).toHaveLength(6)
      expect(order.filter(word => word !== 'a').slice(0, 2)).toEqual(['pause', 'resume'])
    }
  })

  it('counts what it keeps meanwhile, also what the transport still brings', () => {
    const { peer, said, time, takes } = working()
    takes(5)
    said.next(together(...letters('ab')))
    expect(peer.stats().memory.frame).toBe(224)
    said.next(named('c'))
    expect(peer.stats().memory.frame).toBe(448)
    time.advance(0)
    expect(peer.stats().memory.frame).toBe(0)
  })

  it('has as much time in each turn', () => {
    const { said, time, order, takes } = working()
    takes(3)
    said.next(together(...letters('abcdefg')))
    time.advance(0)
    // One turn is all that this time brings, with a timer for each of them.
    expect(order.join(' ')).toBe('a b pause resume c d pause resume e f pause resume g')
  })

  it('sums up chunks that come back to back, and takes off what passes between them', () => {
    const busy = working()
    busy.takes(2)
    for (const letter of 'abcd') busy.said.next(named(letter))
    expect(busy.order).toEqual(['a', 'b', 'c', 'pause'])
    const idle = working()
    idle.takes(2)
    for (const letter of 'abcd') {
      idle.said.next(named(letter))
      idle.pass(1)
    }
    // 2, 3, 4, and then 5.
    expect(idle.order).toEqual(['a', 'b', 'c', 'd', 'pause'])
    const rested = working()
    rested.takes(2)
    for (const letter of 'abcdefgh') {
      rested.said.next(named(letter))
      rested.pass(2)
    }
    expect(rested.order).toEqual([...'abcdefgh'])
    // However long it rested, it has no more than the one share.
    rested.pass(1_000)
    rested.said.next(together(...letters('ijkl')))
    expect(rested.order.slice(8)).toEqual(['i', 'j', 'k', 'pause'])
  })

  it('tells of an end when its turn comes: an EOF behind what came before, a reset too', () => {
    for (const end of ['remote-closed', 'connection-reset']) {
      const { said, time, order, takes, log } = working()
      takes(5)
      said.next(together(...letters('ab')))
      if (end === 'remote-closed') said.complete()
      else said.error(new TransportError('connection-reset'))
      expect(log).toEqual(['peer'])
      time.advance(0)
      expect(order.filter(word => word.length === 1)).toEqual(['a', 'b'])
      time.advance(0)
      expect(log).toEqual(['peer', `error ${end}`])
    }
  })

  it('does nothing more when it ended meanwhile', () => {
    const { peer, said, time, order, takes } = working()
    takes(5)
    said.next(together(...letters('ab')))
    peer.disconnect()
    expect(order).toEqual(['a', 'pause', 'complete'])
    time.advance(0)
    expect(order).toEqual(['a', 'pause', 'complete'])
  })
})

describe('a remote that has to wait, and a peer that works for long', () => {
  const tight: PeerOptions = { memoryLimit: 1_000 }

  it('are two reasons: reading goes on when both are over', () => {
    for (const first of ['rested', 'released']) {
      const { peer, bytes, order, time } = overRaw(tight)
      const release = peer.hold(1_000)
      bytes.next(together(named('slow'), named('b')))
      expect(order).toEqual(['pause', 'pause'])
      if (first === 'rested') time.advance(0)
      else release()
      expect(order).toEqual(['pause', 'pause'])
      if (first === 'rested') release()
      else time.advance(0)
      expect(order.slice(2).sort()).toEqual(['b', 'resume', 'slow'])
      expect(order.at(-1)).toBe('b')
    }
  })
})

describe('a transport that brings everything at the call', () => {
  it('brings it in its order', () => {
    const { peer, bytes, order } = overRaw()
    peer.on('unknown').subscribe(({ name }) => {
      if (name === 'a') bytes.next(together(...letters('cd')))
      order.push(`${name} handled`)
    })
    bytes.next(together(...letters('ab')))
    const handled = order.filter(word => word.length > 1)
    expect(handled).toEqual([...'abcd'].map(letter => `${letter} handled`))
    expect(order.filter(word => word.length === 1)).toEqual([...'abcd'])
  })

  it('brings an EOF in its order, behind what is not cut yet', () => {
    const { peer, bytes, order, log, time } = overRaw()
    peer.on('unknown').subscribe(({ name }) => {
      if (name === 'slow') bytes.complete()
    })
    bytes.next(together(named('slow'), named('b')))
    expect(log).toEqual([])
    time.advance(0)
    expect(order).toEqual(['slow', 'pause', 'resume', 'b', 'complete'])
    expect(log).toEqual(['remote-closed'])
  })

  it('brings an EOF in its order, also while the remote has to wait', () => {
    const { peer, bytes, order, log } = overRaw({ memoryLimit: 1_000 })
    const release = peer.hold(1_000)
    bytes.next(together(...letters('ab')))
    bytes.complete()
    expect(log).toEqual([])
    expect(order).toEqual(['pause'])
    release()
    expect(order).toEqual(['pause', 'a', 'resume', 'b', 'complete'])
    expect(log).toEqual(['remote-closed'])
  })

  it('brings a reset at once, also in the middle of the work that made the remote wait', () => {
    for (const name of ['slow', 'fast']) {
      const transport: { reset?: () => void } = {}
      const resets: Behavior = ({ on }) => watch(() => transport.reset?.(), on('unknown'))
      const { peer, bytes, log, time } = overRaw({ memoryLimit: 1_000, behaviors: { resets } })
      transport.reset = () => bytes.error(new TransportError('connection-reset'))
      peer.hold(1_000)
      bytes.next(together(named(name), named('b')))
      time.advance(0)
      expect(log).toEqual(['connection-reset'])
    }
  })
})

describe('a transport that throws', () => {
  const failing = () => {
    throw new RangeError('of the transport')
  }
  const tight: PeerOptions = { memoryLimit: 1_000 }

  it.each([
    ['pause', ''],
    ['resume', 'release'],
    ['write', 'time'],
  ] as const)('at `%s` ends the peer, and throws at nobody', (name, then) => {
    const { peer, said, remote, log, time } = working(tight)
    vi.spyOn(remote.connection, name).mockImplementation(failing)
    const release = peer.hold(1_000)
    said.next(named('a'))
    if (then === 'release') release()
    if (then === 'time') time.advance(1_000)
    expect(log).toEqual(['peer', 'error callback-failed'])
    expect(time.pending).toBe(0)
  })

  it('when others have had their turn ends the peer too', () => {
    const { said, remote, log, time, takes } = working()
    takes(5)
    vi.spyOn(remote.connection, 'resume').mockImplementation(failing)
    said.next(together(...letters('ab')))
    time.advance(0)
    expect(log).toEqual(['peer', 'error callback-failed'])
  })
})
