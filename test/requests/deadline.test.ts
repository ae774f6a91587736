import type { SchedulerAction, SchedulerLike } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Deadline } from '../../src/requests/engine/deadline.js'
import { MAX_DELAY } from '../../src/stream/environment.js'
import { virtualTime } from '../../src/testing/virtual-time.js'

const random = { bytes: (size: number) => new Uint8Array(size) }

/** A deadline in virtual time, when it expired, and the delays of the timers that it has set. */
function deadlineOf(ms: number) {
  const time = virtualTime()
  const expired: number[] = []
  const delays: number[] = []
  const { scheduler, clock } = time
  const watched: SchedulerLike = {
    now: () => scheduler.now(),
    schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T) => {
      delays.push(delay)
      return scheduler.schedule(work, delay, state)
    },
  }
  const deadline = new Deadline({ scheduler: watched, clock, random }, ms, () => expired.push(time.now))
  return { time, deadline, expired, delays }
}

describe('Deadline', () => {
  it('expires after its time, and not a millisecond before', () => {
    const { time, deadline, expired } = deadlineOf(100)
    deadline.start()
    time.advance(99)
    expect(expired).toEqual([])
    time.advance(1)
    expect(expired).toEqual([100])
    expect(time.pending).toBe(0)
  })

  it('moves without a timer more, however often it is started', () => {
    const { time, deadline, expired, delays } = deadlineOf(100)
    for (let i = 0; i < 50; i += 1) {
      deadline.start()
      time.advance(1)
    }
    expect(delays).toEqual([100])
    time.advance(1_000)
    expect(expired).toEqual([149])
    expect(delays).toEqual([100, 49])
  })

  it('leaves no timer when it is stopped, and begins anew', () => {
    const { time, deadline, expired } = deadlineOf(100)
    deadline.start()
    time.advance(60)
    deadline.stop()
    expect(time.pending).toBe(0)
    time.advance(100)
    deadline.start()
    time.advance(100)
    expect(expired).toEqual([260])
  })

  it('waits no longer at a time than a timer can', () => {
    const { time, deadline, expired, delays } = deadlineOf(MAX_DELAY + 5)
    deadline.start()
    time.advance(MAX_DELAY + 4)
    expect(expired).toEqual([])
    time.advance(1)
    expect(expired).toEqual([MAX_DELAY + 5])
    expect(delays).toEqual([MAX_DELAY, 5])
  })

  it('sets no timer where it never expires', () => {
    const { time, deadline } = deadlineOf(Number.POSITIVE_INFINITY)
    deadline.start()
    expect(time.pending).toBe(0)
  })
})
