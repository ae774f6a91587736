import { interval, of, Subject, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import { versionMessage } from '../../src/testing/messages.js'
import { scriptedRemote } from '../../src/testing/scripted-remote.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'

describe('virtual time', () => {
  it('stands still until it is moved, then runs what is due with the clock at its time', () => {
    const time = virtualTime()
    const seen: number[] = []
    const subscription = interval(10, time.scheduler).subscribe(() => seen.push(time.clock.monotonic()))
    expect(seen).toEqual([])
    time.advance(9)
    expect(seen).toEqual([])
    time.advance(1)
    expect(seen).toEqual([10])
    time.advance(25)
    expect(seen).toEqual([10, 20, 30])
    expect(time.now).toBe(35)
    expect(time.scheduler.now()).toBe(35)
    expect(time.pending).toBe(1)
    subscription.unsubscribe()
    expect(time.pending).toBe(0)
  })

  it('runs timers that are set on the way, also those without delay', () => {
    const time = virtualTime()
    const seen: string[] = []
    timer(5, time.scheduler).subscribe(() => {
      timer(0, time.scheduler).subscribe(() => seen.push(`at once ${time.now}`))
      timer(5, time.scheduler).subscribe(() => seen.push(`then ${time.now}`))
      timer(6, time.scheduler).subscribe(() => seen.push(`late ${time.now}`))
    })
    time.advance(10)
    expect(seen).toEqual(['at once 5', 'then 10'])
    timer(0, time.scheduler).subscribe(() => seen.push(`now ${time.now}`))
    time.advance(0)
    expect(seen.at(-1)).toBe('now 10')
  })

  it('has wall time too', () => {
    expect(virtualTime().clock.epoch()).toBe(1_700_000_000_000)
    const time = virtualTime({ epoch: 1_000 })
    time.advance(5)
    expect(time.clock.epoch()).toBe(1_005)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('does not go by %d', ms => {
    expect(() => virtualTime().advance(ms)).toThrow(RangeError)
  })

  it('a timer that throws takes nothing from the others, and its error comes out at the end', () => {
    const time = virtualTime()
    const seen: string[] = []
    interval(10, time.scheduler).subscribe(() => seen.push(`tick ${time.now}`))
    for (const at of [15, 12]) {
      time.scheduler.schedule(() => {
        throw new Error(`broken at ${at}`)
      }, at)
    }
    timer(100, time.scheduler).subscribe(() => seen.push(`late ${time.now}`))
    expect(time.pending).toBe(4)
    expect(() => time.advance(25)).toThrow('broken at 12')
    expect(time.now).toBe(25)
    expect(seen).toEqual(['tick 10', 'tick 20'])
    expect(time.pending).toBe(2)
    time.advance(75)
    expect(seen.slice(-2)).toEqual(['late 100', 'tick 100'])
    expect(time.pending).toBe(1)
  })

  it('does not go on inside of a timer, and goes on behind it', () => {
    const time = virtualTime()
    const seen: number[] = []
    interval(10, time.scheduler).subscribe(() => seen.push(time.now))
    const inside = time.scheduler.schedule(() => time.advance(50), 15)
    expect(() => time.advance(30)).toThrow('advance(50) inside of a timer')
    expect(inside.closed).toBe(true)
    expect(time.now).toBe(30)
    expect(seen).toEqual([10, 20, 30])
    time.advance(10)
    expect(time.now).toBe(40)
    expect(seen.at(-1)).toBe(40)
  })

  it('moves a peer: the first ping leaves after two minutes, and an end leaves no timer', () => {
    const time = virtualTime()
    const said = new Subject<Message>()
    const remote = scriptedRemote(said, { handshake: { version: versionMessage(), direction: 'outbound' } })
    const sent: string[] = []
    remote.sent$.subscribe(({ command }) => sent.push(command))
    const peer = connect(of(remote.connection), {
      network: regtest,
      scheduler: time.scheduler,
      clock: time.clock,
      nonces: createNonces(),
    }).subscribe()
    expect(sent).toEqual(['version', 'wtxidrelay', 'sendaddrv2', 'verack'])
    time.advance(119_999)
    expect(sent).not.toContain('ping')
    time.advance(1)
    expect(sent.at(-1)).toBe('ping')
    expect(time.pending).toBeGreaterThan(0)
    peer.unsubscribe()
    expect(time.pending).toBe(0)
  })
})
