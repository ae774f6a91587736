import type { Behavior } from './behavior.js'
import { idle } from './idle.js'
import { keepAlive } from './keep-alive.js'
import { noteInventory } from './note-inventory.js'
import { pingTimeout } from './ping-timeout.js'
import { pong } from './pong.js'
import { stall } from './stall.js'
import { type TrickleOptions, trickle } from './trickle.js'

/** The times of the default habits, ms. */
export interface Intervals {
  /** Without a whole message for so long, the peer closes with `idle-timeout`. Default: what the policy says, 300,000 under btcd's. */
  readonly idleTimeout?: number | undefined
  /** Between two pings. Default 120,000 (btcd `pingInterval`). */
  readonly pingInterval?: number | undefined
  /** Without a pong for so long, the peer closes with `ping-timeout`. Default: what the policy says. */
  readonly pingTimeout?: number | undefined
  /** Between two looks for requests that were not answered. Default 15,000 (btcd `stallTickInterval`). */
  readonly stallTick?: number | undefined
  /** Between two batches of announcements, or their mean. Default 10,000 (btcd `DefaultTrickleInterval`). */
  readonly trickleInterval?: number | undefined
  /** `fixed` (default, as btcd), or `poisson`: exponential delays, as Core. */
  readonly trickleTiming?: TrickleOptions['timing']
}

/** The habits that every peer has unless told otherwise, by name. A new one is a file here and a row in this table. */
const rows = {
  idle: ({ idleTimeout }: Intervals) => idle(idleTimeout),
  keepAlive: ({ pingInterval }: Intervals) => keepAlive(pingInterval),
  noteInventory: () => noteInventory,
  pingTimeout: ({ pingTimeout: timeout }: Intervals) =>
    timeout === undefined ? undefined : pingTimeout(timeout),
  pong: () => pong,
  stall: ({ stallTick }: Intervals) => stall({ tick: stallTick }),
  trickle: ({ trickleInterval, trickleTiming }: Intervals) =>
    trickle({ interval: trickleInterval, timing: trickleTiming }),
} as const satisfies Record<string, (intervals: Intervals) => Behavior | undefined>

/** Names of the default habits. */
export type DefaultBehavior = keyof typeof rows

/** The default habits at the given times; those that the times switch off are left out. */
export function defaultBehaviors(intervals: Intervals = {}): ReadonlyMap<string, Behavior> {
  const behaviors = new Map<string, Behavior>()
  for (const [name, make] of Object.entries(rows)) {
    const behavior = make(intervals)
    if (behavior !== undefined) behaviors.set(name, behavior)
  }
  return behaviors
}
