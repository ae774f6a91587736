import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { Clock, Random } from '../stream/environment.js'
import type { Surroundings } from './guard.js'
import { createNonces, type NonceRegistry } from './nonces.js'
import type { Crowd } from './pace.js'

// The one place where the real clock and the real dice come in; everything else takes them as arguments.

const realClock: Clock = {
  monotonic: () => performance.now(),
  epoch: () => Date.now(),
}

/** Bytes that are drawn ahead, where fewer than all of them are wanted: a draw of 8 costs 2.4 µs, one of 512 costs 3.4. */
const AHEAD = 512
const drawn = new Uint8Array(AHEAD)
let used = AHEAD

/** The platform's cryptographically secure source. No byte is given twice, and none is kept that was given. */
const realRandom: Random = {
  bytes: size => {
    if (size >= AHEAD) return crypto.getRandomValues(new Uint8Array(size))
    if (used + size > AHEAD) {
      crypto.getRandomValues(drawn)
      used = 0
    }
    const bytes = drawn.slice(used, used + size)
    drawn.fill(0, used, used + size)
    used += size
    return bytes
  },
}

/** Behind everything that waits in this turn: timers alone would take a millisecond each time. */
const realNextTurn: (work: () => void) => void =
  typeof setImmediate === 'function' ? work => void setImmediate(work) : work => void setTimeout(work, 0)

/** Who wants a turn of the event loop that all peers of the process share. */
const sharedCrowd: Crowd = { busy: 0 }

/** The nonces of all peers of the process that do not bring a registry of their own. */
export const sharedNonces: NonceRegistry = createNonces()

/** Completes what the caller gave: with a scheduler and no clock, time is the scheduler's. */
export function environment(given: {
  scheduler?: SchedulerLike | undefined
  clock?: Clock | undefined
  random?: Random | undefined
}): Surroundings {
  const { scheduler } = given
  const scheduled: Clock | undefined = scheduler && {
    monotonic: () => scheduler.now(),
    epoch: () => scheduler.now(),
  }
  return {
    scheduler: scheduler ?? asyncScheduler,
    clock: given.clock ?? scheduled ?? realClock,
    random: given.random ?? realRandom,
    nextTurn: scheduler ? work => scheduler.schedule(work) : realNextTurn,
    crowd: scheduler ? { busy: 0 } : sharedCrowd,
  }
}

let peers = 0

/** The id of the next peer of the process. */
export function nextPeerId(): number {
  peers += 1
  return peers
}
