import {
  finalize,
  Observable,
  of,
  type SchedulerAction,
  type SchedulerLike,
  Subject,
  Subscription,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { untilAborted } from '../../src/peer/aborting.js'
import { acceptEach } from '../../src/peer/accept-each.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import { pingOnce } from '../../src/requests/ping-once.js'
import type { Connection } from '../../src/stream/connection.js'
import type { Clock } from '../../src/stream/environment.js'
import { scriptedRemote } from '../../src/testing/scripted-remote.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { converse } from '../support/conversation.js'
import { Bug, unsayable } from '../support/failing.js'

// Single failures of what a user gave a peer, each with what must happen all the same.

const time = virtualTime()
const { scheduler, clock } = time
const common = { network: regtest, scheduler, clock } as const

describe('peers whose callbacks throw', () => {
  it('leave no timer behind where the clock that says how long to wait ends them', () => {
    const before = time.pending
    let broken = false
    const failing: Clock = {
      monotonic: () => {
        if (broken) throw new Bug('clock')
        return clock.monotonic()
      },
      epoch: () => clock.epoch(),
    }
    const { log } = converse({ scheduler, clock: failing, behaviors: { keepAlive: false } })
    broken = true
    time.advance(400_000)
    expect([log, time.pending]).toEqual([['peer', 'error callback-failed'], before])
  })

  it('end where a timer cannot be given up, and not whoever lets reading go on', () => {
    const stubborn: SchedulerLike = {
      now: () => scheduler.now(),
      schedule<T>(
        work: (this: SchedulerAction<T>, state?: T) => void,
        delay?: number,
        state?: T,
      ): Subscription {
        const timer = scheduler.schedule(work, delay, state)
        return new Subscription(() => {
          timer.unsubscribe()
          // The look whether a connection that is not read is still there.
          if (delay === 1_000) throw new Bug('timer')
        })
      },
    }
    const { peer, said: remote, log } = converse({ scheduler: stubborn, clock, memoryLimit: 4_000 })
    const release = peer.hold(2_000)
    for (let nonce = 0n; nonce < 40n; nonce += 1n) remote.next({ command: 'ping', nonce })
    expect(() => release()).not.toThrow()
    expect(log).toEqual(['peer', 'error callback-failed'])
  })

  it('are refused one by one where the clock fails that counts how many come a second', () => {
    let broken = false
    const failing: Clock = {
      monotonic: () => {
        if (broken) throw new Bug('clock')
        return 0
      },
      epoch: () => 0,
    }
    const connections = new Subject<Connection>()
    const log: string[] = []
    const options = { ...common, nonces: createNonces(), clock: failing, rate: 10 }
    const subscription = connections
      .pipe(acceptEach({ ...options, failed: ({ code, reason }) => log.push(`${code}: ${reason}`) }))
      .subscribe({ error: error => log.push(`error ${error}`) })
    const remotes = [0, 1].map(() => scriptedRemote(new Subject()))
    for (const { connection, ended$ } of remotes) {
      ended$.subscribe(how => log.push(how))
      connections.next(connection)
      broken = true
    }
    broken = false
    expect(log).toEqual(['abort', 'callback-failed: clock failed: clock'])
    subscription.unsubscribe()
    expect(log.slice(2)).toEqual(['close'])
  })

  it('tell all who wait for a send, though one of them fails when it is told', () => {
    const taken: (() => void)[] = []
    const { peer, log } = converse({}, { taking: written => taken.push(written) })
    const told: string[] = []
    const failing = finalize<boolean>(() => {
      throw new Bug('finalizer')
    })
    for (const name of ['one', 'two']) {
      const sent$ = peer.send({ command: 'getaddr' })
      sent$.pipe(failing).subscribe(written => told.push(`${name} fails, ${written}`))
      sent$.subscribe(written => told.push(`${name} ${written}`))
    }
    for (const written of taken) written()
    expect(told).toEqual(['one fails, true', 'one true', 'two fails, true', 'two true'])
    expect(log).toEqual(['peer'])
  })

  it('complete all streams, though somebody fails when one is complete', () => {
    const { peer, said: remote, log } = converse()
    const complete: string[] = []
    const streams: Readonly<Record<string, Observable<unknown>>> = {
      closed$: peer.closed$,
      sent$: peer.sent$,
      traffic$: peer.traffic$,
      on: peer.on('ping'),
      messages$: peer.messages$,
    }
    for (const [name, stream$] of Object.entries(streams)) {
      for (const failing of [true, false]) {
        const ended = finalize<unknown>(() => {
          complete.push(name)
          if (failing) throw new Bug('finalizer')
        })
        stream$.pipe(ended).subscribe()
      }
    }
    remote.complete()
    expect(complete).toEqual(Object.keys(streams).flatMap(name => [name, name]))
    expect(log).toEqual(['peer', 'error remote-closed'])
  })

  it('are not asked again by an iterable that says what cannot be sent, though it has no end', () => {
    let asked = 0
    let over = false
    function* endless(): Generator<Message> {
      try {
        for (;;) {
          asked += 1
          if (asked > 9) throw new Error('asked for ever')
          yield unsayable
        }
      } finally {
        over = true
      }
    }
    // At the end of the handshake the peer ends a little later.
    expect(() => converse({ behaviors: { endless: () => of(endless()) } })).toThrow('error behavior-failed')
    expect([asked, over]).toEqual([1, true])
  })

  it('leave an aborted `open` its reason, though the dial fails to give up', async () => {
    const dial$ = new Observable<Connection>(() => () => {
      throw new Bug('dial.teardown')
    })
    const stop = new AbortController()
    const opening = open(dial$, { ...common, signal: stop.signal })
    stop.abort('enough')
    await expect(opening).rejects.toBe('enough')
  })

  it('leave who waits for the end its abort, though a finalizer fails', () => {
    const { peer } = converse()
    const stop = new AbortController()
    const ends: unknown[] = []
    untilAborted(peer.closed$, stop.signal)
      .pipe(
        finalize(() => {
          throw new Bug('finalizer')
        }),
      )
      .subscribe({ error: reason => ends.push(reason) })
    stop.abort('enough')
    expect(ends).toEqual(['enough'])
  })

  it('leave who asks something its abort, though a finalizer fails', () => {
    const { peer } = converse()
    const stop = new AbortController()
    const ends: unknown[] = []
    pingOnce(peer, { signal: stop.signal })
      .pipe(
        finalize(() => {
          throw new Bug('finalizer')
        }),
      )
      .subscribe({ error: ({ code }) => ends.push(code) })
    stop.abort()
    expect(ends).toEqual(['aborted'])
  })
})
