import { describe, expect, it } from 'vitest'
import { virtualTime } from '../../src/testing/virtual-time.js'
import { converse } from '../support/conversation.js'

/** A peer in virtual time, without timers of its own, and what its `after` did. */
function waiting(ms: number) {
  const { scheduler, clock, advance, ...time } = virtualTime()
  const quiet = { idle: false, keepAlive: false, stall: false, trickle: false } as const
  const { peer, said } = converse({ scheduler, clock, behaviors: quiet })
  const log: string[] = []
  peer.after(ms).subscribe({ next: () => log.push('next'), complete: () => log.push('complete') })
  return { peer, said, log, advance, time }
}

describe('after', () => {
  it('emits once when the time is over, and completes', () => {
    const { log, advance } = waiting(1_000)
    advance(999)
    expect(log).toEqual([])
    advance(1)
    expect(log).toEqual(['next', 'complete'])
  })

  it('emits at once for no time', () => {
    expect(waiting(0).log).toEqual(['next', 'complete'])
  })

  it.each(['ours', 'the remote’s'])('completes without a value at the end of the peer, %s', whose => {
    const { peer, said, log, advance } = waiting(1_000)
    if (whose === 'ours') peer.disconnect()
    else said.complete()
    expect(log).toEqual(['complete'])
    advance(5_000)
    expect(log).toEqual(['complete'])
    const late: string[] = []
    peer.after(10).subscribe({ next: () => late.push('next'), complete: () => late.push('complete') })
    expect(late).toEqual(['complete'])
  })

  it('wants a time', () => {
    const { peer } = waiting(1)
    expect(() => peer.after(Number.NaN)).toThrow(TypeError)
  })
})
