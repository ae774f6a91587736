import { describe, expect, it } from 'vitest'
import { closing } from '../../src/peer/close.js'
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
import { type Action, btcdPolicy, corePolicy, type Policy, type Violation } from '../../src/peer/policy.js'
import type { Inbound, Reading } from '../../src/stream/link.js'
import { WireError, type WireErrorCode, wireFaults } from '../../src/wire/error.js'
import { decodeMessage, encodeMessage, type Message, wireName } from '../../src/wire/messages.js'
import { remoteVersion } from '../support/conversation.js'
import { approved, inWords, rulesOf } from '../support/conversing.js'
import { Dice } from '../support/dice.js'

// Random walks over the conversation: any events in any order, under any policy, and what must hold whatever comes.

const STEPS = 1_000_000

type Phase = State['phase']

/** Where a phase can lead: all that is legal. */
const graph: Readonly<Record<Phase, readonly Phase[]>> = {
  opening: ['greeting', 'closed'],
  // A version that a policy of one's own drops leads back.
  greeting: ['judging', 'rejecting', 'closed'],
  judging: ['judging', 'greeting', 'answering', 'ready', 'rejecting', 'closed'],
  answering: ['answering', 'ready', 'rejecting', 'closed'],
  ready: ['rejecting', 'closed'],
  rejecting: ['closed'],
  closed: [],
}

/** A message that is read anew by each conversation, as its bytes are. */
class Said implements Inbound {
  readonly kind = 'received'
  readonly name: string
  readonly size: number
  readonly payload: Uint8Array
  readonly faults: readonly WireError[]
  readonly #read = new Map<string, Message | WireError>()

  constructor(name: string, payload: Uint8Array, faults: readonly WireErrorCode[] = []) {
    this.name = name
    this.payload = payload
    this.size = payload.length + 24
    this.faults = faults.map(code => new WireError(code))
  }

  read(reading: Reading): Message | WireError {
    const key = `${reading.protocolVersion} ${reading.lenient} ${reading.oversized} ${reading.untimely}`
    const known = this.#read.get(key)
    if (known !== undefined) return known
    const message = this.#decode(reading)
    this.#read.set(key, message)
    return message
  }

  #decode(reading: Reading): Message | WireError {
    try {
      return decodeMessage(this.name, this.payload, reading)
    } catch (error) {
      if (error instanceof WireError) return error
      throw error
    }
  }
}

/** What no bytes lead to yet. */
class Unreadable extends Said {
  readonly #error: WireError

  constructor(code: WireErrorCode) {
    super('merkleblock', new Uint8Array(0))
    this.#error = new WireError(code)
  }

  override read(): WireError {
    return this.#error
  }
}

const says = (message: Message, ...faults: WireErrorCode[]) =>
  new Said(wireName(message), encodeMessage(message), faults)

const locator = Array.from({ length: 102 }, () => new Uint8Array(32))
const mystery: Message = { command: 'unknown', name: 'mystery', payload: Uint8Array.of(1) }
const versions = [106, 209, 31_799, 31_800, 60_000, 70_001, 70_002, 70_010, 70_011, 70_015, 70_016, 70_020]
const versionMessages = versions.map(protocolVersion => says(remoteVersion({ protocolVersion })))
const handshake: readonly Event[] = (['verack', 'verack', 'verack', 'wtxidrelay', 'sendaddrv2'] as const).map(
  command => says({ command }),
)
const ordinary: readonly Event[] = [
  says({ command: 'ping', nonce: 1n }),
  says({ command: 'getaddr' }),
  says({ command: 'sendheaders' }),
  says({ command: 'sendtxrcncl', version: 1, salt: 1n }),
  says({ command: 'feefilter', feeRate: 1n }),
  says(mystery),
]
const offences: readonly Event[] = [
  says({ command: 'feefilter', feeRate: -1n }),
  says({ command: 'mempool' }),
  says({ command: 'getheaders', version: 1, locator, stop: new Uint8Array(32) }),
  says({ command: 'ping', nonce: 1n }, 'bad-checksum'),
  says(mystery, 'bad-checksum'),
  says(mystery, 'bad-command', 'bad-checksum'),
  says(mystery, 'command-not-utf8'),
  new Said('ping', new Uint8Array(9)),
  new Said('inv', Uint8Array.of(0, 0)),
  // Codes of a frame that no decoder has a right to, too.
  ...(Object.keys(wireFaults) as WireErrorCode[]).map(code => new Unreadable(code)),
]
const rejection = { command: 'reject', rejected: 'version', code: 0x40, reason: 'not today' } as const
const judged: readonly Event[] = [
  approved,
  approved,
  approved,
  { kind: 'judged', judgement: { isOwn: true, rejection: undefined } },
  { kind: 'judged', judgement: { isOwn: false, rejection } },
]
const ends: readonly Event[] = [
  { kind: 'broken', error: new WireError('wrong-magic') },
  { kind: 'ended', reason: closing('remote-closed', 'remote', 'gone') },
  { kind: 'ended', reason: closing('disconnected', 'local', 'enough') },
  { kind: 'threw', where: 'traffic', cause: new Error('a bug') },
  { kind: 'expired', timer: 'handshake' },
]
const idle: readonly Event[] = [
  { kind: 'opened' },
  { kind: 'rejected' },
  { kind: 'expired', timer: 'reject' },
]

const actions: readonly Action[] = ['ignore', 'drop', 'reject', 'disconnect']
const violations = Object.keys(btcdPolicy.actions) as Violation[]

function anyPolicy(dice: Dice): Policy {
  const which = dice.below(4)
  if (which < 2) return which === 0 ? btcdPolicy : corePolicy
  const rows: Partial<Record<Violation, Action>> = {}
  for (const violation of violations) rows[violation] = dice.of(actions)
  return { ...btcdPolicy, maxLocator: 101, actions: { ...btcdPolicy.actions, ...rows } }
}

function anyRules(dice: Dice): Rules {
  return rulesOf({
    direction: dice.of(['inbound', 'outbound']),
    protocolVersion: dice.of([70_016, 70_016, 70_001]),
    services: dice.of([0n, 4n]),
    requiredServices: dice.of([0n, 0n, 64n]),
    policy: anyPolicy(dice),
    forgiving: dice.below(4) === 0,
  })
}

/** Mostly what leads on: an end comes once in a hundred events. */
function anyEvent(dice: Dice): Event {
  const roll = dice.below(100)
  if (roll < 5) return dice.of(offences)
  if (roll < 30) return dice.of(handshake)
  if (roll < 45) return dice.of(versionMessages)
  if (roll < 55) return dice.of(judged)
  if (roll < 65) return dice.of(idle)
  if (roll < 66) return dice.of(ends)
  return dice.of(ordinary)
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) {
    return value
  }
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
  return value
}

function insist(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule)
}

/** What one conversation has done, and what it may still do. */
class Life {
  readonly #armed = new Set<string>()
  readonly #done = new Map<string, number>()
  #judging = false
  #ended = false
  #rejected = false

  take(step: Exclude<Step, symbol>, before: State): void {
    const { state, effects } = step
    insist(!this.#ended, 'nothing follows behind the end')
    insist(state.phase === before.phase || graph[before.phase].includes(state.phase), 'the phase is legal')
    for (const effect of effects) this.#do(effect)
    insist(state.phase === 'closed' || !this.#ended, 'who closes is closed')
    insist(state.phase !== 'closed' || this.#ended, 'who is closed has closed')
    insist(
      (state.phase === 'ready') === (this.#count('ready') === 1 && !this.#rejected) || this.#ended,
      'ready',
    )
    insist((state.phase === 'rejecting') === (this.#rejected && !this.#ended), 'rejecting is a reject')
    insist((state.verdict !== undefined) === this.#rejected, 'a verdict is told')
    insist(
      state.phase === 'greeting' ||
        state.phase === 'opening' ||
        state.version !== undefined ||
        this.#ended ||
        this.#rejected,
      'a version',
    )
    if (!this.#ended) {
      insist(this.#armed.has('handshake') === !['ready', 'rejecting'].includes(state.phase), 'its timers run')
      insist(this.#armed.has('reject') === (state.phase === 'rejecting'), 'its timers run')
    }
  }

  #do(effect: Effect): void {
    insist(!this.#ended, 'a close is the last effect')
    if (this.#rejected) insist(effect.kind === 'arm' || effect.kind === 'close', 'a verdict is the last word')
    const what = effect.kind === 'send' ? effect.message.command : effect.kind
    switch (effect.kind) {
      case 'arm':
        insist(!this.#armed.has(effect.timer), 'a timer is armed once')
        this.#armed.add(effect.timer)
        return
      case 'disarm':
        insist(this.#armed.delete(effect.timer), 'only what was armed is disarmed')
        return
      case 'judge':
        insist(!this.#judging, 'one version is judged at a time')
        this.#judging = true
        return
      case 'send':
        insist(this.#count('greet') === 1, 'our version is the first word')
        break
      case 'reject':
        this.#rejected = true
        break
      case 'close':
        this.#ended = true
        break
    }
    insist(this.#count(what) === 0, `${what} once`)
    this.#done.set(what, 1)
    if (what === 'ready') insist(this.#count('verack') === 1, 'verack goes before')
  }

  judged(): void {
    this.#judging = false
  }

  #count(what: string): number {
    return this.#done.get(what) ?? 0
  }
}

/** One conversation from its start until a little behind its end; the number of its steps. */
function walk(dice: Dice, seen: Set<string>): number {
  const rules = deepFreeze(anyRules(dice))
  const life = new Life()
  const trail: string[] = []
  let state = deepFreeze(newConversation(rules))
  let steps = 0
  let behind = 0
  let event: Event = { kind: 'started' }
  try {
    while (behind < 3 && steps < 1_000) {
      if (event.kind === 'judged' && state.phase === 'judging') life.judged()
      const step = converse(rules, state, event)
      steps += 1
      if (step === DELIVER || step === DROP) {
        if (step === DELIVER)
          insist(state.phase === 'ready' && event.kind === 'received', 'only messages are delivered')
        seen.add(`${state.phase} ${String(step.description)}`)
      } else {
        deepFreeze(step)
        trail.push(`${event.kind === 'received' ? event.name : event.kind} → ${inWords(step)}`)
        life.take(step, state)
        seen.add(`${state.phase} → ${step.state.phase}`)
        const [close] = step.effects
        if (close?.kind === 'close') seen.add(`close ${close.reason.code}`)
        state = step.state
      }
      if (state.phase === 'closed') behind += 1
      event = anyEvent(dice)
    }
  } catch (error) {
    throw new Error(`${error}, behind ${rules.policy.name}: ${trail.join(' | ')}`, { cause: error })
  }
  return steps
}

describe('a conversation', () => {
  it(`holds in ${STEPS.toLocaleString('en')} random steps`, { timeout: 60_000 }, () => {
    const seen = new Set<string>()
    const dice = new Dice(20_090_103)
    for (let steps = 0; steps < STEPS; ) steps += walk(dice, seen)
    // The walks went everywhere.
    const edges = Object.entries(graph).flatMap(([from, to]) => to.map(phase => `${from} → ${phase}`))
    expect(edges.filter(edge => !seen.has(edge))).toEqual([])
    const constants = Object.keys(graph).map(phase => `${phase} drop`)
    expect([...constants, 'ready deliver'].filter(one => !seen.has(one))).toEqual([])
    const codes = violations.filter(code => code !== 'unreadable-in-handshake').map(code => `close ${code}`)
    expect(codes.filter(code => !seen.has(code))).toEqual([])
  })
})
