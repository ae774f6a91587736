import type { BehaviorContext } from '../behaviors/behavior.js'
import { byCommand } from '../stream/of-command.js'
import type { Negotiated } from './conversation-state.js'
import type { Parts } from './parts.js'

/** What the behaviors of a peer see of it. */
export function contextOf(
  { direction, environment, lanes, journal, known, attention }: Parts,
  { version, protocolVersion, features }: Negotiated,
): BehaviorContext {
  const { scheduler, clock, random } = environment
  const { behaviors: inbound } = lanes.delivery
  return {
    scheduler,
    clock,
    random,
    direction,
    protocolVersion,
    version,
    features,
    on: command => inbound[byCommand](command),
    messages$: inbound,
    sent$: journal.sentSince.stream$,
    unawaited$: journal.unawaited.stream$,
    announced$: journal.announced.stream$,
    known,
    attention: () => attention.now(),
    lastHandled: () => attention.lastHandled(),
    handling: () => attention.handling(),
    resumed$: attention.resumed$,
    paused: () => attention.paused,
  }
}
