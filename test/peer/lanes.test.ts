import fc from 'fast-check'
import { of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { channelOf } from '../../src/peer/face.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import type { Peer } from '../../src/peer/peer.js'
import { frameOf, scriptedRemote } from '../../src/testing/scripted-remote.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { converse, remoteVersion } from '../support/conversation.js'

const named = (name: string, bytes = 0): Message => ({
  command: 'unknown',
  name,
  payload: new Uint8Array(bytes),
})
const nameOf = (message: Message) => (message.command === 'unknown' ? message.name : message.command)
const together = (messages: readonly Message[]) =>
  Uint8Array.from(Buffer.concat(messages.map(message => frameOf(message))))

describe('open', () => {
  it('lets users wait for one macrotask, in which pings are answered, so that an await loses nothing', async () => {
    const time = virtualTime()
    const said = new Subject<Message>()
    const remote = scriptedRemote(said)
    const written: string[] = []
    remote.sent$.subscribe(({ command }) => written.push(command))
    const opening = open(of(remote.connection), {
      network: regtest,
      nonces: createNonces(),
      scheduler: time.scheduler,
      clock: time.clock,
    })
    for (const message of [remoteVersion(), { command: 'verack' }, { command: 'ping', nonce: 1n }] as const) {
      said.next(message)
    }
    said.next(named('a'))
    expect(written.at(-1)).toBe('pong')
    const peer = await opening
    const delivered: string[] = []
    peer.messages$.subscribe(message => delivered.push(nameOf(message)))
    said.next(named('b'))
    expect(delivered).toEqual([])
    time.advance(0)
    expect(delivered).toEqual(['ping', 'a', 'b'])
    said.next(named('c'))
    expect(delivered).toEqual(['ping', 'a', 'b', 'c'])
  })

  it('lets the end wait as well, where it is orderly and something came before', async () => {
    const time = virtualTime()
    const said = new Subject<Message>()
    const opening = open(of(scriptedRemote(said).connection), {
      network: regtest,
      nonces: createNonces(),
      scheduler: time.scheduler,
      clock: time.clock,
    })
    for (const message of [remoteVersion(), { command: 'verack' }, named('a')] as const) said.next(message)
    said.complete()
    const peer = await opening
    const delivered: string[] = []
    peer.messages$.subscribe({
      next: message => delivered.push(nameOf(message)),
      complete: () => delivered.push('complete'),
    })
    time.advance(0)
    expect(delivered).toEqual(['a', 'complete'])
    expect(await peer.waitForClose()).toMatchObject({ code: 'remote-closed' })
  })

  it('and a hold are two reasons to wait', async () => {
    const time = virtualTime()
    const said = new Subject<Message>()
    const opening = open(of(scriptedRemote(said).connection), {
      network: regtest,
      nonces: createNonces(),
      scheduler: time.scheduler,
      clock: time.clock,
    })
    for (const message of [remoteVersion(), { command: 'verack' }, named('a')] as const) said.next(message)
    const peer = await opening
    const delivered: string[] = []
    peer.messages$.subscribe(message => delivered.push(nameOf(message)))
    const release = peer.hold(6_000_000)
    time.advance(0)
    expect(delivered).toEqual([])
    release()
    expect(delivered).toEqual(['a'])
  })
})

describe('congestion', () => {
  it('is told to requests, and its end once to each who wants to hear of it', () => {
    const { peer } = converse()
    const channel = channelOf(peer)
    expect(channel.congested).toBe(false)
    const told: string[] = []
    const release = peer.hold(5_000_001)
    expect(channel.congested).toBe(true)
    channel.whenClear(() => told.push('a'))
    channel.whenClear(() => told.push('b'))
    const taken = channel.whenClear(() => told.push('taken back'))
    taken()
    release()
    expect(channel.congested).toBe(false)
    expect(told).toEqual(['a', 'b'])
    peer.hold(5_000_001)()
    expect(told).toEqual(['a', 'b'])
  })

  it('is over behind what waited for users, and not while they hold as much again', () => {
    const { peer, said } = converse()
    const channel = channelOf(peer)
    const told: string[] = []
    let release = peer.hold(5_000_001)
    said.next(named('a'))
    peer.on('unknown').subscribe(message => {
      told.push(nameOf(message))
      release = peer.hold(5_000_001)
    })
    channel.whenClear(() => told.push('clear'))
    release()
    expect(channel.congested).toBe(true)
    expect(told).toEqual(['a'])
    release()
    expect(told).toEqual(['a', 'clear'])
  })

  it('tells nobody whom another one takes back at that moment, and nobody twice who comes again', () => {
    const { peer } = converse()
    const channel = channelOf(peer)
    const told: string[] = []
    const release = peer.hold(5_000_001)
    channel.whenClear(() => {
      told.push('a')
      second()
      channel.whenClear(() => told.push('again'))
    })
    const second = channel.whenClear(() => told.push('b'))
    channel.whenClear(() => told.push('c'))
    release()
    expect(told).toEqual(['a', 'c'])
    peer.hold(5_000_001)()
    expect(told).toEqual(['a', 'c', 'again'])
  })

  it('takes the same function twice for two', () => {
    const { peer } = converse()
    const channel = channelOf(peer)
    let told = 0
    const tell = () => {
      told += 1
    }
    const release = peer.hold(5_000_001)
    const first = channel.whenClear(tell)
    channel.whenClear(tell)
    first()
    release()
    expect(told).toBe(1)
  })

  it('has nothing to tell once the peer has ended', () => {
    const { peer } = converse()
    const told: string[] = []
    const release = peer.hold(5_000_001)
    channelOf(peer).whenClear(() => told.push('clear'))
    peer.disconnect()
    release()
    expect(told).toEqual([])
  })
})

describe('users', () => {
  /** What a user does with the message in hand, by dice. */
  const act = fc.constantFrom('nothing', 'hold', 'release', 'subscribe', 'hold and release')
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('say' as const),
        count: fc.integer({ min: 1, max: 4 }),
        size: fc.nat(900),
      }),
    },
    fc.record({ kind: fc.constant('hold' as const) }),
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
    fc.record({ kind: fc.constant('subscribe' as const) }),
  )

  it('get every message once and in order from when they came, whatever is held and released, and where', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(act, { minLength: 1, maxLength: 30 }),
        (steps, acts) => {
          const { peer, said } = converse({ memoryLimit: 12_000 })
          const releases: (() => void)[] = []
          /** What each subscriber got, and how many messages there were when it came. */
          const got: { readonly seen: string[]; readonly from: number }[] = []
          let handled = 0
          let saidSoFar = 0
          const subscribe = (from: number, acting: boolean) => {
            const seen: string[] = []
            got.push({ seen, from })
            peer.messages$.subscribe(message => {
              seen.push(nameOf(message))
              if (acting) perform(peer, Number(nameOf(message)))
            })
          }
          const perform = (holder: Peer, current: number) => {
            const what = acts[handled % acts.length]
            handled += 1
            if (what === 'hold') releases.push(holder.hold(1_600))
            if (what === 'release') releases.shift()?.()
            if (what === 'hold and release') holder.hold(4_000)()
            if (what === 'subscribe') subscribe(current + 1, false)
          }
          subscribe(0, true)
          for (const one of steps) {
            if (one.kind === 'say') {
              const names = Array.from({ length: one.count }, (_, i) => named(`${saidSoFar + i}`, one.size))
              saidSoFar += one.count
              said.next(together(names))
            } else if (one.kind === 'hold') releases.push(peer.hold(1_600))
            else if (one.kind === 'release') releases.shift()?.()
            else subscribe(got[0]?.seen.length ?? 0, false)
            const { queue, held } = peer.stats().memory
            expect(queue).toBeGreaterThanOrEqual(0)
            expect(held).toBeGreaterThanOrEqual(0)
            // One message above the mark at most.
            expect(queue).toBeLessThanOrEqual(3_000 + 1_400)
          }
          for (let release = releases.shift(); release !== undefined; release = releases.shift()) release()
          for (const { seen, from } of got) {
            expect(seen).toEqual(Array.from({ length: saidSoFar - from }, (_, i) => `${from + i}`))
          }
          expect(peer.stats().memory).toMatchObject({ queue: 0, held: 0, frame: 0 })
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('what waited', () => {
  /** A peer whose users take 1 ms for each message, and what they got. */
  function busy() {
    const time = virtualTime()
    let taken = 0
    const clock = { monotonic: () => time.clock.monotonic() + taken, epoch: () => time.clock.epoch() }
    const conversation = converse({ scheduler: time.scheduler, clock })
    const { peer, said } = conversation
    const delivered: string[] = []
    peer.messages$.subscribe({
      next: message => {
        delivered.push(nameOf(message))
        taken += 1
      },
      complete: () => delivered.push('complete'),
    })
    const release = peer.hold(6_000_000)
    said.next(together([...'abcdefghijkl'].map(letter => named(letter))))
    return { ...conversation, time, delivered, release }
  }

  it('is delivered in turns with the work of others, a little more than 4 ms each', () => {
    const { delivered, release, time } = busy()
    release()
    expect(delivered.join('')).toBe('abcde')
    time.advance(0)
    expect(delivered.join('')).toBe('abcdefghijkl')
  })

  it('is before what comes meanwhile', () => {
    const { said, delivered, release, time } = busy()
    release()
    said.next(named('z'))
    expect(delivered.join('')).toBe('abcde')
    time.advance(0)
    expect(delivered.join('')).toBe('abcdefghijklz')
  })

  it('waits on where more is held meanwhile', () => {
    const { peer, delivered, release, time } = busy()
    release()
    const again = peer.hold(6_000_000)
    time.advance(0)
    expect(delivered.join('')).toBe('abcde')
    again()
    time.advance(0)
    expect(delivered.join('')).toBe('abcdefghijkl')
  })

  it('comes before an orderly end that comes meanwhile, and not behind our own', () => {
    const orderly = busy()
    orderly.release()
    orderly.said.complete()
    expect(orderly.log).toEqual(['peer'])
    orderly.time.advance(0)
    expect(orderly.delivered.join('')).toBe('abcdefghijklcomplete')
    expect(orderly.log).toEqual(['peer', 'error remote-closed'])
    const own = busy()
    own.release()
    own.peer.disconnect()
    expect(own.delivered.join('')).toBe('abcdecomplete')
    own.time.advance(0)
    expect(own.delivered.join('')).toBe('abcdecomplete')
  })
})
