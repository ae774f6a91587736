import { describe, expect, it } from 'vitest'
import { closing } from '../../src/peer/close.js'
import { converse } from '../../src/peer/conversation.js'
import type { Event } from '../../src/peer/conversation-state.js'
import { btcdPolicy, corePolicy } from '../../src/peer/policy.js'
import { WireError } from '../../src/wire/error.js'
import { approved, at, inWords, rulesOf, verdict } from '../support/conversing.js'
import { check, type Phase, table, talking } from '../support/verdicts.js'

// Columns: an event, and what follows from it in each phase: opening, greeting, judging, answering, ready, rejecting.
// While it is rejecting the verdict stays the reason, whatever ends it.

const events: Readonly<Record<string, Event>> = {
  opened: { kind: 'opened' },
  judged: approved,
  'wrong-magic': { kind: 'broken', error: new WireError('wrong-magic') },
  'oversized-frame': { kind: 'broken', error: new WireError('oversized-frame') },
  threw: { kind: 'threw', where: 'newestBlock', cause: new RangeError('a bug') },
  written: { kind: 'rejected' },
  'handshake-timeout': { kind: 'expired', timer: 'handshake' },
  'reject is late': { kind: 'expired', timer: 'reject' },
  'remote-closed': { kind: 'ended', reason: closing('remote-closed', 'remote', 'gone') },
  disconnected: { kind: 'ended', reason: closing('disconnected', 'local', 'enough') },
}

const ofEvents = `
opened            | greeting: greet   | · | = | = | = | =
judged            | · | = | answering: send wtxidrelay, send sendaddrv2, send verack | · | = | =
wrong-magic       | X                 | = | = | = | = | X duplicate-verack
oversized-frame   | X                 | = | = | = | = | X duplicate-verack
threw             | X callback-failed | = | = | = | = | X duplicate-verack
written           | ·                 | = | = | = | = | X duplicate-verack
handshake-timeout | X                 | = | = | = | · | =
reject is late    | ·                 | = | = | = | = | X duplicate-verack
remote-closed     | X                 | = | = | = | = | X duplicate-verack
disconnected      | X                 | = | = | = | = | X duplicate-verack
`

const allPhases: readonly Phase[] = ['opening', ...talking, 'rejecting']

describe('what else can happen', () => {
  it.each(table(ofEvents))('%s', (name = '', ...cells) => {
    for (const policy of [btcdPolicy, corePolicy]) {
      const rules = rulesOf({ policy })
      const event = events[name]
      if (event === undefined) throw new Error(`no event is called ${name}`)
      check(cells, allPhases, name, phase => inWords(converse(rules, at(phase, rules), event)))
      expect(inWords(converse(rules, at('closed', rules), event))).toBe('DROP')
    }
  })

  it('inbound we say nothing before the remote has', () => {
    const rules = rulesOf({ direction: 'inbound' })
    expect(inWords(converse(rules, at('opening', rules), { kind: 'opened' }))).toBe('greeting:')
    expect(inWords(converse(rules, at('judging', rules), approved))).toBe(
      'answering: greet, send wtxidrelay, send sendaddrv2, send verack',
    )
  })

  it.each<[string, Phase, Event, object]>([
    [
      'what broke it',
      'ready',
      events['wrong-magic'] ?? approved,
      { code: 'wrong-magic', by: 'local', cause: expect.any(WireError) },
    ],
    [
      'which callback failed',
      'judging',
      events['threw'] ?? approved,
      {
        code: 'callback-failed',
        by: 'local',
        reason: 'newestBlock failed: a bug',
        cause: expect.any(RangeError),
      },
    ],
    [
      'what was thrown, where that is no error',
      'judging',
      { kind: 'threw', where: 'random', cause: 7 },
      { code: 'callback-failed', by: 'local', reason: 'random failed: 7', cause: 7 },
    ],
    [
      'how long it waited',
      'greeting',
      events['handshake-timeout'] ?? approved,
      { code: 'handshake-timeout', by: 'local', reason: 'the handshake took more than 30000 ms' },
    ],
    ['why it was refused', 'rejecting', { kind: 'rejected' }, verdict],
    [
      'who went',
      'ready',
      events['remote-closed'] ?? approved,
      { code: 'remote-closed', by: 'remote', reason: 'gone' },
    ],
  ])('the reason tells %s', (_, phase, event, reason) => {
    const rules = rulesOf()
    expect(converse(rules, at(phase, rules), event)).toMatchObject({ effects: [{ kind: 'close', reason }] })
  })
})
