import { describe, expect, it } from 'vitest'
import { converse } from '../../src/peer/conversation.js'
import type { Rules, Step } from '../../src/peer/conversation-state.js'
import { btcdPolicy } from '../../src/peer/policy.js'
import { at, changed, judge, rulesOf } from '../support/conversing.js'
import { saying } from '../support/sayings.js'
import type { Phase } from '../support/verdicts.js'

/** What the remote is told, and why the conversation will close. */
function told(step: Step) {
  if (typeof step === 'symbol') return step
  const words = step.effects.flatMap(effect => (effect.kind === 'reject' ? [effect.rejection] : []))
  return { words, verdict: step.state.verdict }
}

const tellingOf = (name: string, phase: Phase, fields: Partial<Rules> = {}) => {
  const rules = rulesOf(fields)
  return told(converse(rules, at(phase, rules), saying(name)))
}

describe('the words of a reject', () => {
  it.each([
    ['HV1', 'ping', 'greeting', 'version', 0x01, 'a version message must precede all others'],
    ['HV7', 'version', 'ready', 'version', 0x12, 'duplicate version message'],
    ['HV8', 'verack', 'ready', 'verack', 0x12, 'duplicate verack message'],
    [
      'RD3',
      'truncated',
      'ready',
      'malformed',
      0x01,
      "Can't read message from 192.0.2.1:8333 (outbound): 8 bytes wanted, 4 left in ping at byte 0",
    ],
  ] as const)('%s for %s while %s', (_, name, phase, rejected, code, reason) => {
    expect(tellingOf(name, phase)).toMatchObject({ words: [{ rejected, code, reason }] })
  })

  it.each([
    [{ direction: 'inbound' }, "Can't read message from 192.0.2.1:8333 (inbound): 8 bytes wanted"],
    [{ remote: undefined }, "Can't read message from (outbound): 8 bytes wanted"],
  ] as const)('tell where from: %o', (fields, reason) => {
    expect(tellingOf('truncated', 'ready', fields)).toMatchObject({
      words: [{ reason: expect.stringContaining(reason) }],
      verdict: { code: 'truncated', by: 'local', cause: { code: 'truncated' } },
    })
  })

  it('say what a fault of the conversation is, where it has no words of its own', () => {
    const policy = changed(btcdPolicy, { 'late-sendaddrv2': 'reject' })
    const reason = 'sendaddrv2 after verack (BIP155)'
    expect(tellingOf('sendaddrv2', 'ready', { policy })).toEqual({
      words: [
        {
          rejected: 'malformed',
          code: 0x01,
          reason: `Can't read message from 192.0.2.1:8333 (outbound): ${reason}`,
        },
      ],
      verdict: { code: 'late-sendaddrv2', by: 'local', reason },
    })
  })

  it('HV13 are those of the user', () => {
    const rejection = { command: 'reject', rejected: 'version', code: 0x40, reason: 'not today' } as const
    expect(told(judge(rulesOf(), { rejection }, 70_016))).toEqual({
      words: [rejection],
      verdict: { code: 'version-rejected', by: 'local', reason: 'not today' },
    })
  })

  it('HV12 name the version that is spoken', () => {
    const policy = { ...btcdPolicy, minProtocolVersion: 70_016 }
    const reason = 'protocol version must be 70016 or greater'
    expect(told(judge(rulesOf({ policy }), {}, 70_015))).toEqual({
      words: [{ rejected: 'version', code: 0x11, reason }],
      verdict: { code: 'obsolete-version', by: 'local', reason },
    })
  })

  it('name the services that are missing', () => {
    const reason = 'required services not offered: bloom, compactFilters'
    expect(told(judge(rulesOf({ requiredServices: 1n | 4n | 64n }), {}, 70_016))).toEqual({
      words: [{ rejected: 'version', code: 0x40, reason }],
      verdict: { code: 'missing-services', by: 'local', reason },
    })
  })
})
