import { NEVER, type Observable, Subject, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Answer, BehaviorContext } from '../../src/behaviors/behavior.js'
import { type DefaultBehavior, defaultBehaviors } from '../../src/behaviors/defaults.js'
import { beginOf, habit, type Voice } from '../../src/behaviors/habit.js'
import { hear } from '../../src/behaviors/hear.js'
import { LateSubject } from '../../src/peer/late-subject.js'
import type { PingMessage } from '../../src/wire/messages/ping.js'

/** Who notes what a habit tells. */
function notes(): { readonly voice: Voice; readonly log: unknown[] } {
  const log: unknown[] = []
  return {
    log,
    voice: { next: answer => log.push(answer), error: error => log.push(String(error)) },
  }
}

describe('habit', () => {
  const ping: Answer = { command: 'ping', nonce: 1n }
  const ended: string[] = []
  const behavior = habit((_, voice) => {
    voice.next(ping)
    return { unsubscribe: () => ended.push('ended') }
  })

  it('is a behavior like any other to who subscribes', () => {
    ended.length = 0
    const { voice, log } = notes()
    const subscription = behavior(context()).subscribe(voice)
    expect(log).toEqual([ping])
    subscription.unsubscribe()
    expect(ended).toEqual(['ended'])
  })

  it('can be begun without a stream', () => {
    ended.length = 0
    const { voice, log } = notes()
    const running = beginOf(behavior)?.(context(), voice)
    expect(log).toEqual([ping])
    running?.unsubscribe()
    expect(ended).toEqual(['ended'])
  })

  it('begins anew for each subscriber', () => {
    const { voice, log } = notes()
    const said$ = behavior(context())
    said$.subscribe(voice)
    said$.subscribe(voice)
    expect(log).toEqual([ping, ping])
  })

  it('no other behavior can be begun so', () => {
    expect(beginOf(() => NEVER)).toBeUndefined()
  })
})

/** A context of ordinary streams, as somebody might make one who uses a behavior without a peer. */
function context(given: Partial<BehaviorContext> = {}): BehaviorContext {
  const scheduler = new VirtualTimeScheduler()
  return {
    scheduler,
    clock: { monotonic: () => scheduler.frame, epoch: () => scheduler.frame },
    random: { bytes: size => new Uint8Array(size).fill(1) },
    direction: 'outbound',
    protocolVersion: 70_016,
    version: {
      command: 'version',
      protocolVersion: 70_016,
      services: 0n,
      timestamp: 0n,
      receiver: { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 },
      sender: { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 },
      nonce: 5n,
      userAgent: '',
      startHeight: 0,
      relay: true,
    },
    features: { wtxidRelay: false, addrV2: false },
    on: () => NEVER,
    messages$: NEVER,
    sent$: NEVER,
    unawaited$: NEVER,
    announced$: NEVER,
    known: { limit: 10, has: () => false, add: () => {}, addAt: () => {} },
    attention: () => scheduler.frame,
    lastHandled: () => 0,
    handling: () => 0,
    resumed$: NEVER,
    paused: () => false,
    ...given,
  }
}

describe('the default habits with ordinary streams', () => {
  const behaviors = defaultBehaviors({ idleTimeout: 1_000, pingInterval: 400, pingTimeout: 500 })
  const of = (name: DefaultBehavior) => behaviors.get(name) ?? (() => NEVER)
  const watch = (said$: Observable<Answer>) => {
    const { voice, log } = notes()
    return { log, subscription: said$.subscribe(voice) }
  }
  const ping: Answer = { command: 'ping', nonce: 0x0101_0101_0101_0101n }

  it('idle errors when the time is over, and its timer is gone when it is unsubscribed', () => {
    const scheduler = new VirtualTimeScheduler()
    const { log } = watch(of('idle')(context({ scheduler, attention: () => scheduler.frame })))
    const other = watch(of('idle')(context({ scheduler, attention: () => scheduler.frame })))
    other.subscription.unsubscribe()
    scheduler.flush()
    expect(log).toEqual(['BehaviorError: no message for 1000 ms'])
    expect(other.log).toEqual([])
    expect(scheduler.frame).toBe(1_000)
  })

  it('keepAlive pings, and what the dice throw is its error', () => {
    const scheduler = new VirtualTimeScheduler(undefined, 1_000)
    const { log, subscription } = watch(of('keepAlive')(context({ scheduler })))
    scheduler.flush()
    expect(log).toEqual([ping, ping])
    subscription.unsubscribe()
    expect(scheduler.actions).toHaveLength(0)
    const failing = watch(
      of('keepAlive')(
        context({
          scheduler,
          random: {
            bytes: () => {
              throw new Error('no dice')
            },
          },
        }),
      ),
    )
    scheduler.maxFrames = 2_000
    scheduler.flush()
    expect(failing.log).toEqual(['Error: no dice'])
  })

  it('pingTimeout hears what is sent, and leaves it when it is unsubscribed', () => {
    const sent$ = new Subject<PingMessage>()
    const scheduler = new VirtualTimeScheduler()
    const given = { scheduler, sent$, attention: () => scheduler.frame }
    const { log, subscription } = watch(of('pingTimeout')(context(given)))
    sent$.next({ command: 'ping', nonce: 3n })
    scheduler.flush()
    expect(log).toEqual(['BehaviorError: no pong for 500 ms'])
    subscription.unsubscribe()
    expect(sent$.observed).toBe(false)
  })

  it('trickle tells of what is announced, and leaves all streams', () => {
    const announced$ = new Subject<{ txid: Uint8Array; wtxid: Uint8Array }>()
    const messages$ = new Subject<never>()
    const scheduler = new VirtualTimeScheduler()
    const { log, subscription } = watch(of('trickle')(context({ scheduler, announced$, messages$ })))
    const hash = new Uint8Array(32)
    announced$.next({ txid: hash, wtxid: hash })
    scheduler.flush()
    expect(log).toEqual([{ command: 'inv', inventory: [{ type: 1, hash }] }])
    subscription.unsubscribe()
    expect([announced$.observed, messages$.observed]).toEqual([false, false])
  })

  it('stall listens for answers from the first request on', () => {
    const unawaited$ = new Subject<{
      command: 'getheaders'
      version: number
      locator: []
      stop: Uint8Array
    }>()
    const messages$ = new Subject<never>()
    const scheduler = new VirtualTimeScheduler()
    const { log, subscription } = watch(
      of('stall')(context({ scheduler, unawaited$, messages$, attention: () => scheduler.frame })),
    )
    expect(messages$.observed).toBe(false)
    unawaited$.next({ command: 'getheaders', version: 1, locator: [], stop: new Uint8Array(32) })
    expect(messages$.observed).toBe(true)
    scheduler.flush()
    expect(log).toEqual(['BehaviorError: no headers in time'])
    subscription.unsubscribe()
    expect([unawaited$.observed, messages$.observed, scheduler.actions.length]).toEqual([false, false, 0])
  })
})

describe('hear', () => {
  it.each<
    [string, () => { stream$: Observable<number>; next: (value: number) => void; complete: () => void }]
  >([
    [
      'an ordinary stream',
      () => {
        const subject = new Subject<number>()
        return { stream$: subject, next: value => subject.next(value), complete: () => subject.complete() }
      },
    ],
    [
      'a stream of a peer',
      () => {
        const subject = new LateSubject<number>()
        return {
          stream$: subject.open(),
          next: value => subject.next(value),
          complete: () => subject.complete(),
        }
      },
    ],
  ])('%s: every value until it is unsubscribed, and what the look throws is the error', (_, make) => {
    const { stream$, next, complete } = make()
    const { voice, log } = notes()
    const heard = hear(stream$, value => log.push(value), voice)
    const failing = notes()
    const failed = hear(
      stream$,
      () => {
        throw new Error('a bug')
      },
      failing.voice,
    )
    next(1)
    failed.unsubscribe()
    next(2)
    heard.unsubscribe()
    next(3)
    heard.unsubscribe()
    complete()
    expect(log).toEqual([1, 2])
    expect(failing.log).toEqual(['Error: a bug'])
  })

  it('an error of the stream is the error', () => {
    const subject = new Subject<number>()
    const { voice, log } = notes()
    hear(subject, () => {}, voice)
    subject.error(new Error('broken'))
    expect(log).toEqual(['Error: broken'])
  })
})

describe('a late subject', () => {
  it('tells subscribers and listeners in the order in which they came, and completes them', () => {
    const subject = new LateSubject<number>()
    const log: string[] = []
    subject.stream$.subscribe({ next: value => log.push(`a${value}`), complete: () => log.push('a.') })
    const { voice } = notes()
    hear(subject.open(), value => log.push(`b${value}`), voice)
    subject.stream$.subscribe({ next: value => log.push(`c${value}`), complete: () => log.push('c.') })
    subject.next(1)
    subject.complete()
    subject.next(2)
    expect(log).toEqual(['a1', 'b1', 'c1', 'a.', 'c.'])
    expect(subject.observed).toBe(false)
  })

  it('whoever comes while a value is told hears the next one, and whoever goes does not hear it', () => {
    const subject = new LateSubject<number>()
    const log: string[] = []
    const { voice } = notes()
    const second = { heard: { unsubscribe: () => {} } }
    subject.stream$.subscribe(value => {
      log.push(`a${value}`)
      if (value === 1) hear(subject.open(), later => log.push(`c${later}`), voice)
      else second.heard.unsubscribe()
    })
    second.heard = hear(subject.open(), value => log.push(`b${value}`), voice)
    subject.next(1)
    subject.next(2)
    subject.next(3)
    expect(log).toEqual(['a1', 'b1', 'a2', 'c2', 'a3', 'c3'])
  })

  it('is the same stream for users each time, and completes whoever comes late', () => {
    const subject = new LateSubject<number>()
    expect(subject.stream$).toBe(subject.stream$)
    subject.complete()
    const log: string[] = []
    subject.stream$.subscribe({ complete: () => log.push('complete') })
    expect(log).toEqual(['complete'])
  })
})
