import { Subscription, type Unsubscribable } from 'rxjs'
import type { Message } from '../wire/messages.js'
import { protocolVersions } from '../wire/versions.js'
import { type Behavior, type BehaviorContext, BehaviorError } from './behavior.js'
import { Due } from './due.js'
import { habit, type Voice } from './habit.js'
import { hear } from './hear.js'

/** ms that Bitcoin Core waits for a pong (`TIMEOUT_INTERVAL`). */
export const CORE_PING_TIMEOUT = 1_200_000

/**
 * Closes with `ping-timeout` when a ping that was written is not answered within `timeout` ms. The oldest one without
 * an answer counts, since `keepAlive` sends on meanwhile (Core does not). A pong answers the ping with its nonce and
 * those before it, one with nonce 0 answers all, as Core holds; any other answers nothing.
 *
 * ```
 * sent       --p---p----
 *            pingTimeout(7)
 *            ---------#      (7 ms after the first ping)
 * ```
 */
export function pingTimeout(timeout: number = CORE_PING_TIMEOUT): Behavior {
  return habit((context, voice) =>
    context.protocolVersion > protocolVersions.bip31
      ? new PingTimeout(context, voice, timeout)
      : Subscription.EMPTY,
  )
}

interface Outstanding {
  readonly nonce: bigint
  /** When it was written, in `attention()`. */
  readonly since: number
}

const NONE: readonly Outstanding[] = []

class PingTimeout extends Due<BehaviorContext> {
  readonly #timeout: number
  readonly #pinging: Unsubscribable
  readonly #ponging: Unsubscribable
  /** The oldest first. */
  #outstanding = NONE

  constructor(context: BehaviorContext, voice: Voice, timeout: number) {
    super(context, voice)
    this.#timeout = timeout
    this.#pinging = hear(context.sent$, message => this.#sent(message), voice)
    this.#ponging = hear(context.on('pong'), ({ nonce }) => this.#answered(nonce), voice)
  }

  override unsubscribe(): void {
    super.unsubscribe()
    this.#pinging.unsubscribe()
    this.#ponging.unsubscribe()
  }

  protected left(): number {
    const [oldest] = this.#outstanding
    return (oldest?.since ?? this.context.attention()) + this.#timeout - this.context.attention()
  }

  protected passed(): void {
    this.voice.error(new BehaviorError('ping-timeout', `no pong for ${this.#timeout} ms`))
  }

  #sent(message: Message): void {
    if (message.command !== 'ping') return
    this.#await([...this.#outstanding, { nonce: message.nonce, since: this.context.attention() }])
  }

  #answered(nonce: bigint): void {
    const answered = this.#outstanding.findIndex(ping => ping.nonce === nonce)
    this.#await(nonce === 0n ? NONE : this.#outstanding.slice(answered + 1))
  }

  /** The timer is that of the oldest. */
  #await(outstanding: readonly Outstanding[]): void {
    const [before] = this.#outstanding
    this.#outstanding = outstanding
    const [oldest] = outstanding
    if (oldest === before) return
    if (oldest === undefined) this.rest()
    else this.look()
  }
}
