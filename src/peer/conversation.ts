import type { Inbound, Reading } from '../stream/link.js'
import { textOf } from '../stream/plain-cause.js'
import { WireError } from '../wire/error.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { isKnownCommand, type KnownMessage, type Message } from '../wire/messages.js'
import { protocolVersions } from '../wire/versions.js'
import { type CloseReason, closing } from './close.js'
import {
  DELIVER,
  DROP,
  type Effect,
  type Event,
  type Negotiated,
  newConversation,
  type Rules,
  type State,
  type Step,
  type TimerName,
} from './conversation-state.js'
import { gate } from './gate.js'
import { answersTo, faultBeforeVerack, type Judgement, refusalOf, speaksFirst } from './handshake.js'
import type { Violation } from './policy.js'
import { describeViolation, type Rejection, rejectionOf } from './rejections.js'

const NOTHING: readonly Effect[] = []
const disarmed: Effect = { kind: 'disarm', timer: 'handshake' }

/** All decisions of a peer: what follows from an event in a state. Without time, sockets and streams, and never throws. */
export function converse(rules: Rules, state: State, event: Event): Step {
  if (state.phase === 'closed') return DROP
  switch (event.kind) {
    case 'received':
      return receive(rules, state, event)
    case 'broken':
      return end(state, closing(event.error.code, 'local', event.error.message, event.error))
    case 'started':
      return { state, effects: [{ kind: 'arm', timer: 'handshake' }] }
    case 'opened':
      if (state.phase !== 'opening') return DROP
      return {
        state: greeting(state),
        effects: speaksFirst(rules.direction) ? [{ kind: 'greet' }] : NOTHING,
      }
    case 'judged':
      return state.phase === 'judging' ? judged(rules, state, event.judgement) : DROP
    case 'threw': {
      const reason = `${event.where} failed: ${textOf(event.cause)}`
      return end(state, closing('callback-failed', 'local', reason, event.cause))
    }
    case 'rejected':
      return state.verdict === undefined ? DROP : end(state, state.verdict)
    case 'expired':
      return expired(rules, state, event.timer)
    case 'ended':
      return end(state, event.reason)
  }
}

const greeting = (state: State): State => ({ ...state, phase: 'greeting' })

function expired({ handshakeTimeout }: Rules, state: State, timer: TimerName): Step {
  if (timer === 'reject') return state.verdict === undefined ? DROP : end(state, state.verdict)
  if (state.phase === 'ready' || state.phase === 'rejecting') return DROP
  return end(
    state,
    closing('handshake-timeout', 'local', `the handshake took more than ${handshakeTimeout} ms`),
  )
}

/** Closes. What was decided first stays the reason, whatever happens while the remote is told. */
function end(state: State, reason: CloseReason): Step {
  return {
    state: { ...state, phase: 'closed' },
    effects: [{ kind: 'close', reason: state.verdict ?? reason }],
  }
}

function receive(rules: Rules, state: State, inbound: Inbound): Step {
  // Before the keys there is nobody to talk to, and behind a verdict nothing to say.
  if (state.phase === 'opening' || state.phase === 'rejecting') return DROP
  const message = understand(rules, inbound, state.reading)
  if (message instanceof WireError) {
    return offend(rules, state, violationOf(message, inbound.name), message) ?? DROP
  }
  if (state.phase === 'ready') return admit(rules, state, message)
  return negotiate(rules, state, message)
}

/** What a message says, or the first thing that is wrong with it and not ignored. */
export function understand({ policy }: Rules, inbound: Inbound, reading: Reading): Message | WireError {
  for (const fault of inbound.faults) {
    if (policy.actions[violationOf(fault, inbound.name)] !== 'ignore') return fault
  }
  return inbound.read(reading)
}

/** What a fault of bytes is to a policy. */
function violationOf({ code }: WireError, name: string): Violation {
  // A wrong checksum says less where nobody knows the message: btcd does not look at it there.
  if (code === 'bad-checksum' && !isKnownCommand(name)) return 'unknown-bad-checksum'
  // Decoders know nothing of frames: codes that close under every policy cannot come from there.
  const fatal = code === 'wrong-magic' || code === 'oversized-frame' || code === 'truncated-frame'
  return fatal ? 'bad-value' : code
}

function admit(rules: Rules, state: State, message: Message): Step {
  const fault = gate(message, rules, state.reading.protocolVersion)
  return (fault && offend(rules, state, fault)) ?? DELIVER
}

function negotiate(rules: Rules, state: State, message: Message): Step {
  if (message.command === 'unknown') {
    return (state.version ? undefined : offend(rules, state, 'unknown-before-version')) ?? DROP
  }
  if (state.version !== undefined) return answered(rules, state, message, state.version)
  if (message.command !== 'version') return offend(rules, state, 'message-before-version') ?? DROP
  const protocolVersion = Math.min(rules.protocolVersion, message.protocolVersion)
  return {
    state: {
      ...state,
      phase: 'judging',
      version: message,
      reading: { ...state.reading, protocolVersion },
    },
    effects: [{ kind: 'judge', version: message }],
  }
}

function judged(rules: Rules, state: State, judgement: Judgement): Step {
  const { version, veracked } = state
  if (version === undefined) return DROP
  const refusal = refusalOf(version, judgement, {
    requiredServices: rules.requiredServices,
    minProtocolVersion: rules.policy.minProtocolVersion,
  })
  const refused = refusal && offend(rules, state, refusal.fault, undefined, refusal.rejection)
  // As if it had not come: the remote may send another one.
  if (refused === DROP) return { state: greeting(newConversation(rules)), effects: NOTHING }
  if (refused !== undefined) return refused
  const answers = answersTo(state.reading.protocolVersion).map(
    (message): Effect => ({ kind: 'send', message }),
  )
  const effects: readonly Effect[] = speaksFirst(rules.direction) ? answers : [{ kind: 'greet' }, ...answers]
  if (!veracked) return { state: { ...state, phase: 'answering' }, effects }
  const ready = agreed(state, version)
  return { state: ready.state, effects: [...effects, ...ready.effects] }
}

function answered(rules: Rules, state: State, message: KnownMessage, version: VersionMessage): Step {
  const { protocolVersion } = state.reading
  if (message.command === 'verack') {
    return state.phase === 'judging'
      ? { state: { ...state, veracked: true }, effects: NOTHING }
      : agreed(state, version)
  }
  const fault = faultBeforeVerack(message, protocolVersion)
  const offence = fault && offend(rules, state, fault)
  if (offence !== undefined) return offence
  const { features } = state
  if (message.command === 'sendaddrv2') {
    return { state: { ...state, features: { ...features, addrV2: true } }, effects: NOTHING }
  }
  // Below 70016 it says nothing, as both references hold (BIP339).
  if (message.command === 'wtxidrelay' && protocolVersion >= protocolVersions.wtxidRelay) {
    return { state: { ...state, features: { ...features, wtxidRelay: true } }, effects: NOTHING }
  }
  return DROP
}

function agreed(state: State, version: VersionMessage): Exclude<Step, symbol> {
  const { features, reading } = state
  const negotiated: Negotiated = { version, features, protocolVersion: reading.protocolVersion }
  return {
    state: { ...state, phase: 'ready' },
    effects: [disarmed, { kind: 'ready', negotiated }],
  }
}

/** What the policy says of a violation; `undefined` where it is ignored. */
function offend(
  { policy, forgiving, direction, remote }: Rules,
  state: State,
  violation: Violation,
  cause?: WireError,
  given?: Rejection,
): Step | undefined {
  const shaking = state.phase !== 'ready'
  const action = policy.actions[cause !== undefined && shaking ? 'unreadable-in-handshake' : violation]
  if (action === 'ignore') return undefined
  if (action === 'drop' || (cause !== undefined && !shaking && forgiving)) return DROP
  const reason = cause?.message ?? given?.reason ?? describeViolation(violation)
  const verdict = closing(violation, 'local', reason, cause)
  // Who is too old to know the message is not told (BIP61).
  const silently = action === 'disconnect' || state.reading.protocolVersion < protocolVersions.reject
  if (silently) return end(state, verdict)
  return {
    state: { ...state, phase: 'rejecting', verdict },
    effects: [
      ...(shaking ? [disarmed] : NOTHING),
      { kind: 'reject', rejection: given ?? rejectionOf(violation, cause, direction, remote) },
      { kind: 'arm', timer: 'reject' },
    ],
  }
}
