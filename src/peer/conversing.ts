import type { Inbound, Reading } from '../stream/link.js'
import type { WireError } from '../wire/error.js'
import type { Message } from '../wire/messages.js'
import { converse, understand } from './conversation.js'
import {
  DELIVER,
  DROP,
  type Effect,
  type Event,
  newConversation,
  type Rules,
  type State,
  type Step,
} from './conversation-state.js'

/** What a conversation that runs needs of its peer. */
export interface ConversingHost {
  /** Does what was decided. It may tell of new events at the call: they wait. What it throws ends the peer. */
  run(effect: Effect): void
  /** A message came in, whatever was decided about it. What it throws ends the peer. */
  read(inbound: Inbound, read: Message | WireError): void
}

/** Whose fault it is where an effect throws. */
const whose: Readonly<Partial<Record<Effect['kind'], string>>> = {
  greet: 'our version message',
  judge: 'acceptVersion',
}

const endsIt = ({ kind }: Event): boolean => kind === 'ended' || kind === 'threw'

/** A conversation with its state: one event after the other, each done with before the next one. */
export class Conversing {
  readonly #rules: Rules
  readonly #host: ConversingHost
  #state: State
  /** Events that came while the effects of another one were run. */
  #pending: Event[] = []
  #stepping = false

  constructor(rules: Rules, host: ConversingHost) {
    this.#rules = rules
    this.#host = host
    this.#state = newConversation(rules)
  }

  /** Where it stands. */
  get state(): State {
    return this.#state
  }

  /** Whether effects are being run. */
  get stepping(): boolean {
    return this.#stepping
  }

  /** Whether it has not ended, and nobody has decided that it will. */
  get live(): boolean {
    return this.#state.phase !== 'closed' && !this.#interrupted
  }

  /** Takes an event, and does what follows; a message that is to be delivered is not yet. */
  happen(event: Event): Step {
    if (this.#stepping) {
      this.#pending.push(event)
      return DROP
    }
    this.#stepping = true
    try {
      const step = this.#step(event)
      while (this.#pending.length > 0) {
        const next = this.#pending.shift()
        if (next !== undefined) this.#step(next)
      }
      return step
    } finally {
      this.#stepping = false
    }
  }

  #step(event: Event): Step {
    const { phase, reading } = this.#state
    const step = converse(this.#rules, this.#state, event)
    if (event.kind === 'received' && phase !== 'rejecting' && phase !== 'closed') {
      this.#read(event, reading)
    }
    // An observer of the traffic may have ended the peer. The first end is the one that counts.
    const isEnd = endsIt(event)
    if (step === DELIVER || step === DROP || (!isEnd && this.#interrupted)) return step
    this.#state = step.state
    for (const effect of step.effects) {
      if (!isEnd && this.#interrupted) break
      this.#run(effect)
    }
    return step
  }

  #read(inbound: Inbound, reading: Reading): void {
    try {
      this.#host.read(inbound, understand(this.#rules, inbound, reading))
    } catch (cause) {
      this.#pending.push({ kind: 'threw', where: 'traffic', cause })
    }
  }

  #run(effect: Effect): void {
    try {
      this.#host.run(effect)
    } catch (cause) {
      this.#pending.push({ kind: 'threw', where: whose[effect.kind] ?? 'a callback', cause })
    }
  }

  /** Whether somebody ends it while a step is done: the rest of that does not happen. */
  get #interrupted(): boolean {
    return this.#pending.length > 0 && this.#pending.some(endsIt)
  }
}
