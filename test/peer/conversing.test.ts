import { describe, expect, it } from 'vitest'
import { closing } from '../../src/peer/close.js'
import { DELIVER, DROP, type Effect, type Event } from '../../src/peer/conversation-state.js'
import { Conversing } from '../../src/peer/conversing.js'
import { corePolicy } from '../../src/peer/policy.js'
import type { Inbound } from '../../src/stream/link.js'
import { approved, received, rulesOf, verack, versionOf } from '../support/conversing.js'
import { saying } from '../support/sayings.js'

/** A conversation whose effects the test does: `act` is called with each, and may tell of events at the call. */
function scene(fields: Parameters<typeof rulesOf>[0] = {}) {
  const log: string[] = []
  const acts = { run: (_: Effect) => {}, read: (_: Inbound) => {} }
  const conversing: Conversing = new Conversing(rulesOf(fields), {
    run: effect => {
      log.push(effect.kind === 'close' ? `close ${effect.reason.code}` : effect.kind)
      if (effect.kind === 'judge') conversing.happen(approved)
      acts.run(effect)
    },
    read: (inbound, read) => {
      log.push(`read ${inbound.name}${read instanceof Error ? ` ${read.name}` : ''}`)
      acts.read(inbound)
    },
  })
  const happen = (...events: readonly Event[]) => events.map(event => conversing.happen(event))
  const shakeHands = () => {
    happen({ kind: 'started' }, { kind: 'opened' }, versionOf(), verack)
    expect(conversing.state.phase).toBe('ready')
    log.length = 0
  }
  return { conversing, happen, shakeHands, log, acts }
}

const ended = (reason: string): Event => ({ kind: 'ended', reason: closing('disconnected', 'local', reason) })
const ping = received({ command: 'ping', nonce: 1n })

describe('a conversation with its state', () => {
  it('does one event behind the other, each whole', () => {
    const { happen, log } = scene()
    happen({ kind: 'started' }, { kind: 'opened' }, versionOf(), verack)
    expect(log).toEqual([
      ...['arm', 'greet', 'read version', 'judge', 'send', 'send', 'send'],
      ...['read verack', 'disarm', 'ready'],
    ])
  })

  it('leaves the state as it is for messages that are delivered or dropped', () => {
    const { conversing, happen, shakeHands, log } = scene({ policy: corePolicy })
    shakeHands()
    const before = conversing.state
    expect(happen(ping, saying('verack'), saying('truncated'))).toEqual([DELIVER, DROP, DROP])
    expect(conversing.state).toBe(before)
    expect(log).toEqual(['read ping', 'read verack', 'read ping WireError'])
  })

  it('reads nothing behind a verdict or the end', () => {
    const { conversing, happen, shakeHands, log } = scene()
    shakeHands()
    happen(saying('verack'), ping)
    expect([conversing.state.phase, conversing.live]).toEqual(['rejecting', true])
    happen({ kind: 'rejected' }, ping)
    expect([conversing.state.phase, conversing.live]).toEqual(['closed', false])
    expect(log).toEqual(['read verack', 'reject', 'arm', 'close duplicate-verack'])
  })

  it('lets what comes in the middle of an effect wait for the others', () => {
    const { happen, log, acts } = scene()
    acts.run = effect => {
      if (effect.kind === 'send' && effect.message.command === 'wtxidrelay') happen(verack)
    }
    happen({ kind: 'started' }, { kind: 'opened' }, versionOf())
    expect(log.slice(3)).toEqual(['judge', 'send', 'send', 'send', 'read verack', 'disarm', 'ready'])
  })

  it('does nothing more of a step in whose middle somebody ends it', () => {
    const { conversing, happen, log, acts } = scene()
    acts.run = ({ kind }) => {
      if (kind !== 'send') return
      happen(ended('enough'))
      expect([conversing.live, conversing.stepping]).toEqual([false, true])
    }
    happen({ kind: 'started' }, { kind: 'opened' }, versionOf())
    expect(log.slice(3)).toEqual(['judge', 'send', 'close disconnected'])
    expect([conversing.live, conversing.stepping]).toEqual([false, false])
  })

  it('does nothing of a step whose message an observer of the traffic ends it at', () => {
    const { conversing, happen, shakeHands, log, acts } = scene()
    shakeHands()
    acts.read = () => {
      happen(ended('enough'))
    }
    happen(saying('verack'))
    expect(log).toEqual(['read verack', 'close disconnected'])
    expect(conversing.state.verdict).toBeUndefined()
  })

  it('ends once, by the first of all reasons', () => {
    const { happen, shakeHands, log, acts } = scene()
    shakeHands()
    acts.read = () => {
      happen(ended('one'), { kind: 'threw', where: 'traffic', cause: 1 }, ended('two'))
    }
    acts.run = () => {
      happen(ended('three'))
    }
    happen(ping, ended('four'))
    expect(log).toEqual(['read ping', 'close disconnected'])
  })

  it.each([
    ['greet', 'our version message failed: a bug'],
    ['judge', 'acceptVersion failed: a bug'],
    ['send', 'a callback failed: a bug'],
    ['ready', 'a callback failed: a bug'],
  ])('ends with what an effect throws: %s', (kind, reason) => {
    const { conversing, happen, log, acts } = scene({ direction: 'inbound' })
    const reasons: string[] = []
    acts.run = effect => {
      if (effect.kind === 'close') reasons.push(effect.reason.reason)
      if (effect.kind === kind) throw new RangeError('a bug')
    }
    happen({ kind: 'started' }, { kind: 'opened' }, versionOf(), verack, ping)
    expect(reasons).toEqual([reason])
    // Nothing more is done of the step, and nothing is read any more.
    expect(log.slice(log.indexOf(kind))).toEqual([kind, 'close callback-failed'])
    expect([conversing.state.phase, conversing.stepping]).toEqual(['closed', false])
  })

  it('ends with what reading throws, and does not deliver', () => {
    const { conversing, happen, shakeHands, acts, log } = scene()
    shakeHands()
    acts.read = () => {
      throw new RangeError('a bug')
    }
    happen(ping)
    expect(conversing.live).toBe(false)
    expect(log).toEqual(['read ping', 'close callback-failed'])
  })

  it('does not end twice where the end itself throws', () => {
    const { conversing, happen, shakeHands, acts, log } = scene()
    shakeHands()
    acts.run = () => {
      throw new RangeError('a bug')
    }
    happen(ended('enough'), ended('again'))
    expect([log, conversing.state.phase]).toEqual([['close disconnected'], 'closed'])
  })
})
