import { describe, expect, it } from 'vitest'
import type { Judgement } from '../../src/peer/handshake.js'
import { type Action, btcdPolicy, corePolicy } from '../../src/peer/policy.js'
import type { RejectMessage } from '../../src/wire/messages/reject.js'
import { at, changed, inWords, judge, rulesOf } from '../support/conversing.js'
import { expectation, isPolicy, policies, table } from '../support/verdicts.js'

// What is wrong with a version message. Columns: what is, at which version of the remote, the policy, and what follows.

const refusal: RejectMessage = { command: 'reject', rejected: 'version', code: 0x40, reason: 'not today' }

/** What was found. The remote of these tests offers 9, the network and witnesses. */
const unwelcome: Readonly<Record<string, Partial<Judgement> & { requiredServices?: bigint }>> = {
  'self-connection': { isOwn: true },
  'version-rejected': { rejection: refusal },
  'obsolete-version': {},
  'missing-services': { requiredServices: 1n | 64n },
  'all of these': { isOwn: true, rejection: refusal, requiredServices: 64n },
  'all but our nonce': { rejection: refusal, requiredServices: 64n },
  'too old and of no use': { requiredServices: 64n },
}

const ofVersions = `
self-connection   | 70016 | btcd | X
self-connection   | 70016 | core | X
version-rejected  | 70016 | btcd | R
version-rejected  | 70002 | btcd | R
version-rejected  | 70001 | btcd | X
version-rejected  | 70016 | core | X
missing-services  | 70016 | btcd | R
missing-services  | 70001 | btcd | X
missing-services  | 70016 | core | X
obsolete-version  | 208   | btcd | X
obsolete-version  | 209   | btcd | answering: send verack
obsolete-version  | 31799 | core | X
obsolete-version  | 31800 | core | answering: send verack
all of these      | 208   | btcd | X self-connection
all but our nonce | 208   | btcd | X version-rejected
too old and of no use | 208 | btcd | X obsolete-version
`

describe('a version message', () => {
  it.each(table(ofVersions))('%s at %s under %s', (name, version, policy = '', cell = '') => {
    const found = unwelcome[name ?? '']
    if (found === undefined || !isPolicy(policy)) throw new Error(`no row ${name}, or no policy ${policy}`)
    const rules = rulesOf({ requiredServices: 0n, ...found, policy: policies[policy] })
    expect(inWords(judge(rules, found, Number(version)))).toBe(expectation(cell, name))
  })

  it('is told to be too old where the policy tells, and the remote understands', () => {
    const outcomes = [btcdPolicy, corePolicy].map(policy => {
      const rules = rulesOf({ policy: { ...policy, minProtocolVersion: 70_016 } })
      return inWords(judge(rules, {}, 70_015))
    })
    expect(outcomes).toEqual([expectation('R obsolete-version'), expectation('X obsolete-version')])
  })

  it('is enough where it offers all that is required, and more', () => {
    const rules = rulesOf({ requiredServices: 9n })
    expect(inWords(judge(rules, {}, 70_016))).toBe('answering: send wtxidrelay, send sendaddrv2, send verack')
  })

  describe.each(['self-connection', 'version-rejected', 'missing-services', 'obsolete-version'] as const)(
    "under a policy of one's own for %s",
    fault => {
      const found = unwelcome[fault] ?? {}
      const theirs = fault === 'obsolete-version' ? 70_001 : 70_015
      const rules = (action: Action) =>
        rulesOf({
          requiredServices: found.requiredServices ?? 0n,
          policy: changed({ ...btcdPolicy, minProtocolVersion: 70_002 }, { [fault]: action }),
        })

      it('has not come where that is dropped: another one may, and is judged by its own words', () => {
        const step = judge(rules('drop'), found, theirs)
        expect(inWords(step)).toBe('greeting:')
        const state = typeof step === 'symbol' ? undefined : step.state
        expect(state).toEqual(at('greeting', rules('drop')))
      })

      it('is taken as it is where that is ignored', () => {
        expect(inWords(judge(rules('ignore'), found, theirs))).toBe('answering: send verack')
      })

      it('is refused without a word where that disconnects', () => {
        expect(inWords(judge(rules('disconnect'), found, theirs))).toBe(`closed: close ${fault}`)
      })

      it('is refused with a reject where the remote knows it', () => {
        const told = fault === 'obsolete-version' ? 'X' : 'R'
        expect(inWords(judge(rules('reject'), found, theirs))).toBe(expectation(told, fault))
      })
    },
  )
})
