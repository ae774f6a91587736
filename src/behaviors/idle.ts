import { type Behavior, type BehaviorContext, BehaviorError } from './behavior.js'
import { Due } from './due.js'
import { habit, type Voice } from './habit.js'

/** ms without a whole message after which a remote is gone (btcd `idleTimeout`). */
export const IDLE_TIMEOUT = 300_000

/**
 * Closes with `idle-timeout` when no whole message came for `timeout` ms, counted from the end of the handling of the
 * last one, or of the handshake. Messages that nobody knows count.
 *
 * ```
 * messages   --m-----
 *            idle(5)
 *            -------#      (5 ms after m)
 * ```
 */
export function idle(timeout: number = IDLE_TIMEOUT): Behavior {
  return habit((context, voice) => {
    const silence = new Silence(context, voice, timeout)
    silence.look()
    return silence
  })
}

class Silence extends Due<BehaviorContext> {
  readonly #timeout: number

  constructor(context: BehaviorContext, voice: Voice, timeout: number) {
    super(context, voice)
    this.#timeout = timeout
  }

  protected left(): number {
    return this.context.lastHandled() + this.#timeout - this.context.attention()
  }

  protected passed(): void {
    this.voice.error(new BehaviorError('idle-timeout', `no message for ${this.#timeout} ms`))
  }
}
