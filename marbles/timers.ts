import type { SchedulerLike, Subscription } from 'rxjs'
import { map, type Observable } from 'rxjs'
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
      schedule: (work, delay, state) => {
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
