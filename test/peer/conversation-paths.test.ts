import { describe, expect, it } from 'vitest'
import { converse } from '../../src/peer/conversation.js'
import { type Event, newConversation, type Rules } from '../../src/peer/conversation-state.js'
import { btcdPolicy, corePolicy, type Policy } from '../../src/peer/policy.js'
import type { Message } from '../../src/wire/messages.js'
import { remoteVersion } from '../support/conversation.js'
import { approved, inWords, next, received, rulesOf } from '../support/conversing.js'

// Whole handshakes, event by event, in the words of `inWords`: the phase, what was learned, and the effects in order.

const version = (protocolVersion: number): Event => received(remoteVersion({ protocolVersion }))
const says = (message: Message): Event => received(message)
const verack = says({ command: 'verack' })
const wtxidrelay = says({ command: 'wtxidrelay' })
const sendaddrv2 = says({ command: 'sendaddrv2' })
const started: Event = { kind: 'started' }
const opened: Event = { kind: 'opened' }

/** What follows from each of the events, and the state behind the last one. */
function life(rules: Rules, events: readonly Event[]) {
  let state = newConversation(rules)
  const lines: string[] = []
  for (const event of events) {
    lines.push(inWords(converse(rules, state, event)))
    state = next(rules, state, event)
  }
  return { lines, state }
}

/** As btcd, and without its lower end. */
const everybody: Policy = { ...btcdPolicy, minProtocolVersion: 106 }

/** The version of the remote, ours, what both speak, and what is said behind the remote's version. */
const versions = [
  [106, 70_016, 106, 'send verack'],
  [209, 70_016, 209, 'send verack'],
  [31_800, 70_016, 31_800, 'send verack'],
  [60_000, 70_016, 60_000, 'send verack'],
  [60_001, 70_016, 60_001, 'send verack'],
  [70_001, 70_016, 70_001, 'send verack'],
  [70_002, 70_016, 70_002, 'send verack'],
  [70_011, 70_016, 70_011, 'send verack'],
  [70_015, 70_016, 70_015, 'send verack'],
  [70_016, 70_016, 70_016, 'send wtxidrelay, send sendaddrv2, send verack'],
  [70_020, 70_016, 70_016, 'send wtxidrelay, send sendaddrv2, send verack'],
  [70_016, 70_015, 70_015, 'send verack'],
  [70_016, 106, 106, 'send verack'],
] as const

describe('a handshake', () => {
  it.each(versions)('of a remote at %i, that we dialled at %i', (theirs, ours, both, answers) => {
    const rules = rulesOf({ protocolVersion: ours, policy: everybody })
    const { lines, state } = life(rules, [started, opened, version(theirs), approved, verack])
    expect(lines).toEqual([
      'opening: arm handshake',
      'greeting: greet',
      'judging: judge',
      `answering: ${answers}`,
      'ready: disarm handshake, ready',
    ])
    expect(state).toMatchObject({
      version: { protocolVersion: theirs },
      reading: { protocolVersion: both },
      features: { wtxidRelay: false, addrV2: false },
    })
  })

  it.each(versions)('of a remote at %i, that dialled us at %i', (theirs, ours, both, answers) => {
    const rules = rulesOf({ direction: 'inbound', protocolVersion: ours, policy: everybody })
    const { lines, state } = life(rules, [started, opened, version(theirs), approved, verack])
    expect(lines).toEqual([
      'opening: arm handshake',
      'greeting:',
      'judging: judge',
      `answering: greet, ${answers}`,
      'ready: disarm handshake, ready',
    ])
    expect(state.reading.protocolVersion).toBe(both)
  })

  it('is judged by what the remote said, and ends with what both have', () => {
    const rules = rulesOf()
    const step = (events: readonly Event[], event: Event) => converse(rules, life(rules, events).state, event)
    const said = remoteVersion({ protocolVersion: 70_020, userAgent: '/other:1/' })
    const before = [started, opened, says(said), approved, wtxidrelay]
    expect(step(before.slice(0, 2), says(said))).toMatchObject({
      effects: [{ kind: 'judge', version: said }],
    })
    expect(step(before, verack)).toMatchObject({
      effects: [
        { kind: 'disarm', timer: 'handshake' },
        {
          kind: 'ready',
          negotiated: {
            version: said,
            protocolVersion: 70_016,
            features: { wtxidRelay: true, addrV2: false },
          },
        },
      ],
    })
  })

  it.each<[string, readonly Event[], object]>([
    ['none', [], { wtxidRelay: false, addrV2: false }],
    ['wtxidrelay', [wtxidrelay], { wtxidRelay: true, addrV2: false }],
    ['sendaddrv2', [sendaddrv2], { wtxidRelay: false, addrV2: true }],
    ['both', [wtxidrelay, sendaddrv2], { wtxidRelay: true, addrV2: true }],
    ['both the other way round', [sendaddrv2, wtxidrelay], { wtxidRelay: true, addrV2: true }],
    // HV3, HV4: a repeat says nothing new.
    [
      'each of them twice',
      [wtxidrelay, wtxidrelay, sendaddrv2, sendaddrv2],
      { wtxidRelay: true, addrV2: true },
    ],
  ])('learns features of the remote: %s', (_, features, learned) => {
    for (const [policy, when] of [
      [btcdPolicy, 'answering'],
      [corePolicy, 'answering'],
      [btcdPolicy, 'judging'],
    ] as const) {
      const rules = rulesOf({ policy })
      const [early, late] = when === 'judging' ? [features, []] : [[], features]
      const { state } = life(rules, [started, opened, version(70_016), ...early, approved, ...late, verack])
      expect(state).toMatchObject({ phase: 'ready', features: learned })
    }
  })

  it.each(['outbound', 'inbound'] as const)('of a remote whose verack comes while we look, %s', direction => {
    const greet = direction === 'inbound' ? 'greet, ' : ''
    const { lines } = life(rulesOf({ direction }), [
      started,
      opened,
      version(70_016),
      wtxidrelay,
      verack,
      verack,
      approved,
    ])
    expect(lines.slice(3)).toEqual([
      'judging wtxidrelay:',
      'judging wtxidrelay veracked:',
      'judging wtxidrelay veracked:',
      `ready wtxidrelay veracked: ${greet}send wtxidrelay, send sendaddrv2, send verack, disarm handshake, ready`,
    ])
  })

  it('forgets what came behind a version that was dropped', () => {
    const policy = {
      ...btcdPolicy,
      actions: { ...btcdPolicy.actions, 'self-connection': 'drop' },
    } as const
    const isOwn: Event = { kind: 'judged', judgement: { isOwn: true, rejection: undefined } }
    const { lines } = life(rulesOf({ policy }), [
      ...[started, opened, version(70_001), verack, isOwn],
      ...[version(70_016), sendaddrv2, approved, verack],
    ])
    expect(lines.slice(3)).toEqual([
      'judging veracked:',
      'greeting:',
      'judging: judge',
      'judging addrv2:',
      'answering addrv2: send wtxidrelay, send sendaddrv2, send verack',
      'ready addrv2: disarm handshake, ready',
    ])
  })
})

describe('an end', () => {
  it('with a reject: it is told once, and what comes meanwhile changes nothing', () => {
    const { lines, state } = life(rulesOf(), [
      ...[started, opened, says({ command: 'getaddr' })],
      ...[version(70_016), verack, says({ command: 'getaddr' }), opened, approved],
      { kind: 'expired', timer: 'handshake' },
      { kind: 'rejected' },
      { kind: 'expired', timer: 'reject' },
      { kind: 'rejected' },
    ])
    expect(lines.slice(2)).toEqual([
      'rejecting message-before-version: disarm handshake, reject, arm reject',
      ...Array<string>(6).fill('DROP'),
      'closed: close message-before-version',
      'DROP',
      'DROP',
    ])
    expect(state.phase).toBe('closed')
  })

  it('before the remote said anything is not told to one that we speak to in an older version', () => {
    const { lines } = life(rulesOf({ protocolVersion: 70_001 }), [
      started,
      opened,
      says({ command: 'getaddr' }),
    ])
    expect(lines.at(-1)).toBe('closed: close message-before-version')
  })
})
