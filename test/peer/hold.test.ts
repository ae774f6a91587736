import { describe, expect, it, vi } from 'vitest'
import { Attention } from '../../src/peer/attention.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const ping: Message = { command: 'ping', nonce: 7n }

/** A peer, what its connection was told, and what was delivered. */
function holding() {
  const conversation = converse()
  const { peer, remote, written } = conversation
  const pause = vi.spyOn(remote.connection, 'pause')
  const resume = vi.spyOn(remote.connection, 'resume')
  const delivered: string[] = []
  peer.messages$.subscribe({
    next: ({ command }) => delivered.push(command),
    complete: () => delivered.push('complete'),
  })
  return {
    ...conversation,
    delivered,
    calls: () => ({ pause: pause.mock.calls.length, resume: resume.mock.calls.length }),
    pongs: () => written.filter(({ command }) => command === 'pong').length,
  }
}

const flowing = { pause: 0, resume: 0 }
const paused = { pause: 1, resume: 0 }
const resumed = { pause: 1, resume: 1 }

describe('hold', () => {
  it('pauses above 5,000,000 bytes and not at them', () => {
    const { peer, calls } = holding()
    peer.hold(5_000_000)
    expect(calls()).toEqual(flowing)
    const other = holding()
    other.peer.hold(5_000_001)
    expect(other.calls()).toEqual(paused)
  })

  it('sums up what is held', () => {
    const { peer, calls } = holding()
    const release = peer.hold(4_000_000)
    release()
    peer.hold(4_000_000)
    expect(calls()).toEqual(flowing)
    peer.hold(1_000_001)
    expect(calls()).toEqual(paused)
  })

  it('pauses the connection once, however much more is held', () => {
    const { peer, calls } = holding()
    peer.hold(5_000_001)
    peer.hold(5_000_001)
    expect(calls()).toEqual(paused)
  })

  it('goes on at half, and not before', () => {
    const above = holding()
    above.peer.hold(2_500_001)
    above.peer.hold(2_500_000)()
    expect(above.calls()).toEqual(paused)
    const half = holding()
    half.peer.hold(2_500_000)
    half.peer.hold(2_500_001)()
    expect(half.calls()).toEqual(resumed)
  })

  it('counts every hold as 512 bytes at least', () => {
    const below = holding()
    below.peer.hold(5_000_000 - 512)
    below.peer.hold(1)
    expect(below.calls()).toEqual(flowing)
    const above = holding()
    above.peer.hold(5_000_000 - 511)
    above.peer.hold(0)
    expect(above.calls()).toEqual(paused)
    const larger = holding()
    larger.peer.hold(5_000_000 - 513)
    larger.peer.hold(513)
    expect(larger.calls()).toEqual(flowing)
    larger.peer.hold(513)
    expect(larger.calls()).toEqual(paused)
  })

  it('holds the bytes of the message in hand by default, its header included', () => {
    const message: Message = { command: 'unknown', name: 'mystery', payload: new Uint8Array(1_000) }
    const held = (besides: number) => {
      const { peer, said, calls } = holding()
      peer.on('unknown').subscribe(() => peer.hold())
      said.next(message)
      peer.hold(besides)
      return calls()
    }
    expect(held(5_000_000 - 1_024)).toEqual(flowing)
    expect(held(5_000_000 - 1_023)).toEqual(paused)
  })

  it('a release counts once', () => {
    const { peer, calls } = holding()
    const release = peer.hold(2_000_000)
    peer.hold(3_000_001)
    release()
    release()
    expect(calls()).toEqual(paused)
  })

  it('pauses and goes on as often as it has to', () => {
    const { peer, calls } = holding()
    peer.hold(5_000_001)()
    peer.hold(5_000_001)()
    expect(calls()).toEqual({ pause: 2, resume: 2 })
  })

  it('what comes in while paused waits, and is delivered in order when it goes on', () => {
    const { peer, said, delivered, pongs } = holding()
    const release = peer.hold(6_000_000)
    said.next(ping)
    said.next({ command: 'getaddr' })
    expect(delivered).toEqual([])
    expect(pongs()).toBe(0)
    release()
    expect(delivered).toEqual(['ping', 'getaddr'])
    expect(pongs()).toBe(1)
  })

  it('pings are answered below the mark', () => {
    const { peer, said, pongs } = holding()
    peer.hold(5_000_000)
    said.next(ping)
    expect(pongs()).toBe(1)
  })

  it('the message in hand still reaches everybody, the one after it waits', () => {
    const { peer, said, delivered } = holding()
    peer.on('ping').subscribe(() => peer.hold(6_000_000))
    const both = [ping, { command: 'getaddr' } as const].map(message => frameOf(message))
    said.next(Uint8Array.from(both.flatMap(bytes => [...bytes])))
    expect(delivered).toEqual(['ping'])
  })

  it('sending goes on while paused', () => {
    const { peer, written } = holding()
    peer.hold(6_000_000)
    peer.send({ command: 'getaddr' })
    expect(written.at(-1)).toEqual({ command: 'getaddr' })
  })

  it('an EOF while paused is delivered when it goes on, after what came before it', async () => {
    const { peer, said, delivered, log } = holding()
    const release = peer.hold(6_000_000)
    said.next(ping)
    said.complete()
    expect(log).toEqual(['peer'])
    release()
    expect(delivered).toEqual(['ping', 'complete'])
    expect(log).toEqual(['peer', 'error remote-closed'])
    expect((await peer.waitForClose()).code).toBe('remote-closed')
  })

  it('our own end does not wait, and drops what waited', () => {
    const { peer, said, delivered, log } = holding()
    const release = peer.hold(6_000_000)
    said.next(ping)
    peer.disconnect()
    expect(log).toEqual(['peer', 'complete'])
    release()
    expect(delivered).toEqual(['complete'])
  })

  it('a release inside a handler goes on with the next message, not in the middle of this one', () => {
    const { peer, said, delivered } = holding()
    const order: string[] = []
    let release = () => {}
    peer.on('getaddr').subscribe(() => {
      release = peer.hold(6_000_000)
      release()
      order.push('released')
    })
    peer.on('ping').subscribe(() => order.push('ping'))
    const both = [{ command: 'getaddr' } as const, ping].map(message => frameOf(message))
    said.next(Uint8Array.from(both.flatMap(bytes => [...bytes])))
    expect(order).toEqual(['released', 'ping'])
    expect(delivered).toEqual(['getaddr', 'ping'])
  })
})

describe('attention', () => {
  function attending() {
    let now = 100
    const attention = new Attention({ monotonic: () => now, epoch: () => 0 })
    return {
      attention,
      pass: (ms: number) => {
        now += ms
      },
    }
  }

  it('stands still while paused', () => {
    const { attention, pass } = attending()
    const start = attention.now()
    pass(5)
    attention.pause()
    attention.pause()
    pass(7)
    expect(attention.now() - start).toBe(5)
    expect(attention.paused).toBe(true)
    attention.resume()
    attention.resume()
    pass(2)
    expect(attention.now() - start).toBe(7)
    expect(attention.paused).toBe(false)
  })

  it('tells each time it goes on', () => {
    const { attention } = attending()
    const log: string[] = []
    attention.resumed$.subscribe({ next: () => log.push('resumed'), complete: () => log.push('complete') })
    attention.resume()
    attention.pause()
    attention.resume()
    attention.complete()
    expect(log).toEqual(['resumed', 'complete'])
  })

  it('ST6 a handler that still runs counts from its start', () => {
    const { attention, pass } = attending()
    const seen: number[] = []
    attention.handle(() => {
      pass(4)
      seen.push(attention.handling())
      pass(3)
    })
    pass(9)
    seen.push(attention.handling())
    expect(seen).toEqual([4, 7])
  })

  it('RD9 the last handling ends where the handler ends, also where it throws', () => {
    const { attention, pass } = attending()
    const fails = () => {
      pass(4)
      throw new RangeError('a bug of the user')
    }
    expect(() => attention.handle(fails)).toThrow(RangeError)
    pass(9)
    expect(attention.lastHandled()).toBe(104)
    expect(attention.handling()).toBe(4)
  })
})
