import { type CloseReason, closing } from '../../src/peer/close.js'
import { converse } from '../../src/peer/conversation.js'
import {
  DELIVER,
  DROP,
  type Effect,
  type Event,
  newConversation,
  type Rules,
  type State,
  type Step,
} from '../../src/peer/conversation-state.js'
import type { Judgement } from '../../src/peer/handshake.js'
import { type Action, btcdPolicy, type Policy, type Violation } from '../../src/peer/policy.js'
import type { Broken, Inbound } from '../../src/stream/link.js'
import { v1 } from '../../src/stream/v1.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { hexToBytes } from '../../src/wire/hex.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from './conversation.js'

/** The rules of a conversation that dials under btcd's policy and speaks 70016; name only what matters. */
export function rulesOf(fields: Partial<Rules> = {}): Rules {
  return {
    direction: 'outbound',
    protocolVersion: 70_016,
    services: 0n,
    requiredServices: 0n,
    policy: btcdPolicy,
    handshakeTimeout: 30_000,
    forgiving: false,
    remote: { host: '192.0.2.1', port: 8333 },
    ...fields,
  }
}

/** A policy with other rows. */
export function changed(policy: Policy, rows: Partial<Record<Violation, Action>>): Policy {
  return { ...policy, actions: { ...policy.actions, ...rows } }
}

/** What a link makes of the bytes of one message. */
export function received(said: Message | Uint8Array, protocolVersion?: number): Inbound | Broken {
  const link = v1(regtest, { opened: () => {}, write: () => {} })
  link.push(said instanceof Uint8Array ? said : frameOf(said, regtest, protocolVersion))
  const event = link.next()
  if (event === undefined) throw new Error('not a whole message')
  return event
}

/** A frame of these bytes, whatever they are. */
export function payload(name: string, hex: string): Uint8Array {
  return frameOf({ command: 'unknown', name, payload: hexToBytes(hex) })
}

/** A message's frame with one byte changed. */
export function withByte(message: Message, offset: number, value: number): Uint8Array {
  const frame = frameOf(message).slice()
  frame[offset] = value
  return frame
}

/** The remote's version message as an event. */
export function versionOf(fields: Parameters<typeof remoteVersion>[0] = {}): Event {
  return received(remoteVersion(fields))
}

/** `judge` has found nothing. */
export const approved: Event = { kind: 'judged', judgement: { isOwn: false, rejection: undefined } }

export const verack: Event = received({ command: 'verack' })

/** Events that lead from one phase to the next, up to `ready`. */
const way: readonly (readonly [State['phase'], Event])[] = [
  ['opening', { kind: 'started' }],
  ['greeting', { kind: 'opened' }],
  ['judging', versionOf()],
  ['answering', approved],
  ['ready', verack],
]

/** Why a conversation that is `rejecting` will close. */
export const verdict: CloseReason = closing('duplicate-verack', 'local', 'a second verack')

/** A state of this phase, by the events of an ordinary life; the remote speaks `protocolVersion`. */
export function at(phase: State['phase'], rules: Rules, protocolVersion = 70_016): State {
  if (phase === 'closed') return { ...at('ready', rules, protocolVersion), phase }
  if (phase === 'rejecting') return { ...at('ready', rules, protocolVersion), phase, verdict }
  let state = newConversation(rules)
  for (const [reached, event] of way) {
    state = next(rules, state, reached === 'judging' ? versionOf({ protocolVersion }) : event)
    if (state.phase === phase) break
  }
  return state
}

/** The state after an event. */
export function next(rules: Rules, state: State, event: Event): State {
  const step = converse(rules, state, event)
  return step === DELIVER || step === DROP ? state : step.state
}

/** What follows from what was found about the version message of a remote at `protocolVersion`. */
export function judge(
  rules: Rules,
  { isOwn = false, rejection }: Partial<Judgement>,
  protocolVersion: number,
): Step {
  const state = at('judging', rules, protocolVersion)
  return converse(rules, state, { kind: 'judged', judgement: { isOwn, rejection } })
}

function effectInWords(effect: Effect): string {
  switch (effect.kind) {
    case 'arm':
    case 'disarm':
      return `${effect.kind} ${effect.timer}`
    case 'send':
      return `send ${effect.message.command}`
    case 'close':
      return `close ${effect.reason.code}`
    default:
      return effect.kind
  }
}

/** A step as a line: `DELIVER`, `DROP`, or the phase, what was learned, and the effects in their order. */
export function inWords(step: Step): string {
  if (step === DELIVER) return 'DELIVER'
  if (step === DROP) return 'DROP'
  const { phase, features, veracked, verdict: why } = step.state
  const where = [
    phase,
    features.wtxidRelay && 'wtxidrelay',
    features.addrV2 && 'addrv2',
    veracked && 'veracked',
    phase === 'rejecting' && why?.code,
  ]
  return `${where.filter(Boolean).join(' ')}: ${step.effects.map(effectInWords).join(', ')}`.trim()
}
