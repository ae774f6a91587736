import {
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  type SchedulerAction,
  type SchedulerLike,
  type Subscription,
  tap,
} from 'rxjs'
import type { Peer } from '../src/peer/peer.js'
import type { Clock } from '../src/stream/environment.js'
import type { MarbleHelpers } from '../src/testing/marbles.js'
import type { ConnectionEnd, ScriptedRemote } from '../src/testing/scripted-remote.js'

/** A scheduler that knows which of its timers wait. */
export interface CountedTimers {
  /** Give it to the peer. */
  readonly scheduler: SchedulerLike
  /** Timers that wait now. */
  pending(): number
}

/** Virtual time for one peer, so that the timers it leaves behind can be counted. */
export function countedTimers({ scheduler }: MarbleHelpers): CountedTimers {
  const waiting = new Set<Subscription>()
  return {
    scheduler: {
      now: () => scheduler.now(),
      schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T) => {
        const action = scheduler.schedule(work, delay, state)
        waiting.add(action)
        action.add(() => waiting.delete(action))
        return action
      },
    },
    pending: () => waiting.size,
  }
}

/** How the peer ended its connection, and with how many timers left: `close, 0 timers`. */
export function endAndTimers({ ended$ }: ScriptedRemote, { pending }: CountedTimers): Observable<string> {
  return ended$.pipe(map((how: ConnectionEnd) => `${how}, ${pending()} timers`))
}

/** A clock that handlers can move: work that takes time, in a world where nothing does. */
export interface MovableClock extends Clock {
  /** Lets `ms` pass for the clock only; timers fire when they would have. */
  take(ms: number): void
}

/** The virtual clock, and the time that handlers took on top. */
export function movableClock({ clock }: MarbleHelpers): MovableClock {
  let taken = 0
  return {
    monotonic: () => clock.monotonic() + taken,
    epoch: () => clock.epoch() + taken,
    take: ms => {
      taken += ms
    },
  }
}

/** A transport that takes bytes `ms` after they were written; those of a handshake at 0 ms at once. */
export function late({ scheduler }: MarbleHelpers, ms: number): (written: () => void) => void {
  return written => {
    if (scheduler.now() === 0) written()
    else scheduler.schedule(written, ms)
  }
}

/** Does something with the peer at a moment, ms. */
export function at(
  { scheduler }: MarbleHelpers,
  ms: number,
  act: (peer: Peer) => void,
): MonoTypeOperatorFunction<Peer> {
  return tap(peer => {
    scheduler.schedule(() => act(peer), ms)
  })
}

/** So little memory that one message that waits for users makes the remote wait. */
export const tight = { memoryLimit: 1_000 } as const

/**
 * Lets the remote wait from one moment to another, ms: handlers hold more than they may, and what the remote says at the
 * first moment is more than may wait for them. For peers that are {@link tight}.
 */
export function heldBetween(
  helpers: MarbleHelpers,
  from: number,
  to: number,
): MonoTypeOperatorFunction<Peer> {
  return at(helpers, from - 1, peer => {
    const release = peer.hold(1_000)
    helpers.scheduler.schedule(release, to - from + 1)
  })
}
