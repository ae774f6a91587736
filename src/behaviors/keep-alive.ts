import { randomNonce } from '../stream/environment.js'
import type { Behavior } from './behavior.js'
import { habit } from './habit.js'

/** ms between two pings (btcd `pingInterval`). */
export const PING_INTERVAL = 120_000

/**
 * Sends a ping with a random nonce every `period` ms, the first one `period` after the handshake.
 *
 * ```
 *            keepAlive(5)
 *            -----p----p----p
 * ```
 */
export function keepAlive(period: number = PING_INTERVAL): Behavior {
  return habit(({ scheduler, random }, voice) =>
    scheduler.schedule(function () {
      try {
        voice.next({ command: 'ping', nonce: randomNonce(random) })
      } catch (error) {
        voice.error(error)
      }
      this.schedule(undefined, period)
    }, period),
  )
}
