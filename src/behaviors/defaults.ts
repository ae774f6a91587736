import type { Behavior } from './behavior.js'
import { pong } from './pong.js'

/** The habits that every peer has unless told otherwise. A new one is a file here and a row in this table. */
export const defaultBehaviors = { pong } as const satisfies Record<string, Behavior>

/** Names of the default habits. */
export type DefaultBehavior = keyof typeof defaultBehaviors
