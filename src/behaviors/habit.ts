import { Observable, type Observer, type Unsubscribable } from 'rxjs'
import type { Answer, Behavior, BehaviorContext } from './behavior.js'

/** Whom a habit tells what it says, and that it failed, which is the last that it tells. */
export type Voice = Pick<Observer<Answer>, 'next' | 'error'>

/** Begins a habit; unsubscribing from what is returned ends it. */
export type Begin = (context: BehaviorContext, voice: Voice) => Unsubscribable

/** The key under which a behavior keeps how it is begun. */
const begun: unique symbol = Symbol('begun')

interface Habit extends Behavior {
  readonly [begun]: Begin
}

function isHabit(behavior: Behavior): behavior is Habit {
  return begun in behavior
}

/**
 * A behavior that a peer can begin without a stream between them: what every peer has must be small. To everybody else it
 * is a function from a context to a stream, as all behaviors are.
 */
export function habit(begin: Begin): Behavior {
  const behavior: Behavior = context => new Observable(subscriber => begin(context, subscriber))
  return Object.assign(behavior, { [begun]: begin })
}

/** How a behavior is begun that is a habit; `undefined` for any other. */
export function beginOf(behavior: Behavior): Begin | undefined {
  return isHabit(behavior) ? behavior[begun] : undefined
}
