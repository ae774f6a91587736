import { describe, expect, it } from 'vitest'
import { Attention } from '../../src/peer/attention.js'

/** An attention, and time that passes when the test says so, ms. */
function attending() {
  let now = 100
  const attention = new Attention({ monotonic: () => now, epoch: () => 0 })
  return {
    attention,
    pass: (ms: number) => {
      now += ms
    },
    now: () => now,
  }
}

describe('attention', () => {
  it('stands still while nothing is read', () => {
    const { attention, pass } = attending()
    const start = attention.now()
    pass(5)
    attention.pause()
    pass(3)
    attention.pause()
    pass(4)
    expect(attention.now() - start).toBe(5)
    expect(attention.paused).toBe(true)
    attention.resume()
    attention.resume()
    pass(2)
    expect(attention.now() - start).toBe(7)
    expect(attention.paused).toBe(false)
    attention.pause()
    pass(3)
    attention.resume()
    expect(attention.now() - start).toBe(7)
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

  it('tells nobody of what was before, and completes for those who come late', () => {
    const { attention } = attending()
    attention.pause()
    attention.resume()
    const log: string[] = []
    attention.resumed$.subscribe({ next: () => log.push('resumed'), complete: () => log.push('complete') })
    expect(log).toEqual([])
    attention.complete()
    attention.resumed$.subscribe({ complete: () => log.push('late') })
    expect(log).toEqual(['complete', 'late'])
  })

  it('ST6 a handler that still runs counts from its start', () => {
    const { attention, pass, now } = attending()
    attention.begin(now())
    pass(4)
    expect(attention.handling()).toBe(4)
    pass(3)
    attention.handled(now())
    attention.end()
    pass(9)
    expect(attention.handling()).toBe(7)
    attention.begin(now())
    pass(1)
    expect(attention.handling()).toBe(8)
  })

  it('RD9 the last handling ends where the handler ends', () => {
    const { attention, pass, now } = attending()
    expect(attention.lastHandled()).toBe(100)
    attention.begin(now())
    pass(4)
    attention.handled(now())
    attention.end()
    pass(9)
    expect(attention.lastHandled()).toBe(104)
  })

  it('RD9 the last handling is told in time of attention: pauses do not count, neither before nor within', () => {
    const { attention, pass, now } = attending()
    attention.pause()
    pass(50)
    attention.resume()
    attention.begin(now())
    pass(4)
    // A handler that made the remote wait.
    attention.pause()
    pass(6)
    attention.handled(now())
    attention.end()
    expect(attention.lastHandled()).toBe(104)
    pass(1_000)
    attention.resume()
    expect(attention.now()).toBe(104)
  })

  it('begins anew at the end of the handshake', () => {
    const { attention, pass } = attending()
    pass(30)
    attention.start()
    expect(attention.lastHandled()).toBe(130)
  })
})
