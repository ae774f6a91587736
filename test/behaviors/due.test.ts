import { Subject, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { due } from '../../src/behaviors/due.js'

/** A deadline in virtual time that the test moves and pauses. */
function scene() {
  const scheduler = new VirtualTimeScheduler()
  const resumed$ = new Subject<void>()
  const state = { paused: false, deadline: 100, looks: 0 }
  const log: string[] = []
  const subscription = due({ scheduler, resumed$, paused: () => state.paused }, () => {
    state.looks += 1
    return state.deadline - scheduler.frame
  }).subscribe({
    next: () => log.push(`due at ${scheduler.frame}`),
    complete: () => log.push('complete'),
  })
  return { scheduler, resumed$, state, log, subscription }
}

describe('due', () => {
  it('emits at the deadline and completes', () => {
    const { scheduler, log, state } = scene()
    scheduler.flush()
    expect(log).toEqual(['due at 100', 'complete'])
    expect(state.looks).toBe(2)
  })

  it('looks when it fires, and again at the deadline that moved', () => {
    const { scheduler, log, state } = scene()
    for (const deadline of [130, 150, 190]) {
      scheduler.schedule(() => {
        state.deadline = deadline
      }, deadline - 100)
    }
    scheduler.flush()
    expect(log).toEqual(['due at 190', 'complete'])
    expect(state.looks).toBe(3)
  })

  it('while paused it waits, and looks when that is over', () => {
    const { scheduler, log, state, resumed$ } = scene()
    state.paused = true
    scheduler.schedule(() => resumed$.next(), 200)
    scheduler.schedule(() => {
      state.paused = false
      state.deadline = 400
      resumed$.next()
    }, 300)
    scheduler.flush()
    expect(log).toEqual(['due at 400', 'complete'])
  })

  it('unsubscribing clears the timer', () => {
    const { scheduler, subscription, log } = scene()
    expect(scheduler.actions).toHaveLength(1)
    subscription.unsubscribe()
    expect(scheduler.actions).toHaveLength(0)
    scheduler.flush()
    expect(log).toEqual([])
  })

  it('unsubscribing while paused lets go of the end of the pause', () => {
    const { scheduler, subscription, state, resumed$ } = scene()
    state.paused = true
    scheduler.flush()
    expect(resumed$.observed).toBe(true)
    subscription.unsubscribe()
    expect(resumed$.observed).toBe(false)
  })

  it('sets no timer for longer than one can wait: those fire at once', () => {
    const { scheduler, state, log } = scene()
    const delays: number[] = []
    const schedule = scheduler.schedule.bind(scheduler)
    scheduler.schedule = (work, delay, value) => {
      delays.push(delay ?? 0)
      return schedule(work, delay, value)
    }
    state.deadline = 5_000_000_000
    scheduler.maxFrames = Number.POSITIVE_INFINITY
    scheduler.flush()
    // The first one, for 100 ms, was set before.
    expect(delays).toEqual([2_147_483_647, 2_147_483_647, 5_000_000_000 - 100 - 2 * 2_147_483_647])
    expect(log).toEqual(['due at 5000000000', 'complete'])
  })

  it('a hundred thousand looks do not pile up', () => {
    const { scheduler, state, log } = scene()
    let looks = 0
    const move = () => {
      looks += 1
      state.deadline += 10
      if (looks < 100_000) scheduler.schedule(move, 10)
    }
    scheduler.schedule(move, 95)
    scheduler.flush()
    expect(state.looks).toBeGreaterThan(100_000)
    expect(log).toEqual(['due at 1000100', 'complete'])
  })
})
