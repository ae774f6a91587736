import { Subject, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Due, type DueContext } from '../../src/behaviors/due.js'

/** A deadline in virtual time that the test moves and pauses. */
function scene() {
  const scheduler = new VirtualTimeScheduler()
  const resumed$ = new Subject<void>()
  const state = { paused: false, deadline: 100, looks: 0 }
  const log: string[] = []
  class Watched extends Due<DueContext> {
    protected left(): number {
      state.looks += 1
      return state.deadline - scheduler.frame
    }

    protected passed(): void {
      log.push(`due at ${scheduler.frame}`)
    }
  }
  const voice = { next: () => {}, error: (error: unknown) => log.push(String(error)) }
  const due = new Watched({ scheduler, resumed$, paused: () => state.paused }, voice)
  due.look()
  return { scheduler, resumed$, state, log, due }
}

describe('due', () => {
  it('passes at the deadline, once', () => {
    const { scheduler, log, state } = scene()
    scheduler.flush()
    expect(log).toEqual(['due at 100'])
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
    expect(log).toEqual(['due at 190'])
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
    expect(log).toEqual(['due at 400'])
  })

  it('unsubscribing clears the timer', () => {
    const { scheduler, due, log } = scene()
    expect(scheduler.actions).toHaveLength(1)
    due.unsubscribe()
    expect(scheduler.actions).toHaveLength(0)
    scheduler.flush()
    expect(log).toEqual([])
  })

  it('unsubscribing while paused lets go of the end of the pause', () => {
    const { scheduler, due, state, resumed$ } = scene()
    state.paused = true
    scheduler.flush()
    expect(resumed$.observed).toBe(true)
    due.unsubscribe()
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
    expect(log).toEqual(['due at 5000000000'])
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
    expect(log).toEqual(['due at 1000100'])
  })
})
