import { describe, expect, it } from 'vitest'
import { converse } from '../../src/peer/conversation.js'
import { type Action, btcdPolicy, corePolicy, type Violation } from '../../src/peer/policy.js'
import { WireError } from '../../src/wire/error.js'
import { at, changed, inWords, rulesOf } from '../support/conversing.js'
import { said, saying } from '../support/sayings.js'
import {
  check,
  expectation,
  isPolicy,
  named,
  type Phase,
  policies,
  table,
  talking,
} from '../support/verdicts.js'

// What a remote says, and what follows, written down from the rules: sections 1.2, 2.4, 2.5, 4.2, 4.3 and 4.9 of the protocol
// notes, and the table of ends in the README. `test/support/verdicts.ts` tells what the cells mean.

// Columns: what comes in, the policy, and what follows while we are greeting, judging, answering, ready.

const ofHandshake = `
version             | btcd | judging: judge           | X message-before-verack  | = | R duplicate-version
version             | core | judging: judge           | ·                        | = | =
verack              | btcd | R message-before-version | judging veracked:        | ready: disarm handshake, ready | R duplicate-verack
verack              | core | ·                        | judging veracked:        | ready: disarm handshake, ready | ·
wtxidrelay          | btcd | R message-before-version | judging wtxidrelay:      | answering wtxidrelay: | X late-wtxidrelay
wtxidrelay          | core | ·                        | judging wtxidrelay:      | answering wtxidrelay: | X late-wtxidrelay
wtxidrelay at 70015 | btcd | R message-before-version | ·                        | = | X late-wtxidrelay
wtxidrelay at 70015 | core | ·                        | ·                        | = | X late-wtxidrelay
sendaddrv2          | btcd | R message-before-version | judging addrv2:          | answering addrv2: | X late-sendaddrv2
sendaddrv2          | core | ·                        | judging addrv2:          | answering addrv2: | X late-sendaddrv2
sendaddrv2 at 70015 | btcd | R message-before-version | X untimely-sendaddrv2    | = | X late-sendaddrv2
sendaddrv2 at 70015 | core | ·                        | judging addrv2:          | answering addrv2: | X late-sendaddrv2
sendtxrcncl         | btcd | R message-before-version | ·                        | = | D
sendtxrcncl         | core | ·                        | ·                        | = | D
unknown             | btcd | X unknown-before-version | ·                        | = | D
unknown             | core | ·                        | ·                        | = | D
ping                | btcd | R message-before-version | X message-before-verack  | = | D
ping                | core | ·                        | ·                        | = | D
getdata             | btcd | R message-before-version | X message-before-verack  | = | D
getdata             | core | ·                        | ·                        | = | D
sendheaders         | btcd | R message-before-version | X message-before-verack  | = | D
sendheaders         | core | ·                        | ·                        | = | D
`

// Columns: what comes in, the policy, and what follows behind the handshake without and with NODE_BLOOM in our services.

const behindIt = `
filterload at 70011    | btcd | X bloom-not-offered     | D
filterload at 70011    | core | X bloom-not-offered     | D
filterload at 70010    | btcd | ·                       | D
filterload at 70010    | core | X bloom-not-offered-old | D
filteradd at 70011     | btcd | X bloom-not-offered     | D
filteradd at 70010     | btcd | ·                       | D
filterclear at 70011   | btcd | X bloom-not-offered     | D
filterclear at 70010   | btcd | ·                       | D
mempool at 70011       | btcd | X bloom-not-offered     | D
mempool at 70011       | core | X bloom-not-offered     | D
mempool at 70010       | btcd | ·                       | D
mempool at 70010       | core | X bloom-not-offered-old | D
getheaders of 101      | core | D                       | D
getheaders of 102      | btcd | D                       | D
getheaders of 102      | core | X too-many              | =
getheaders of 500      | btcd | D                       | D
getblocks of 101       | core | D                       | D
getblocks of 102       | btcd | D                       | D
getblocks of 102       | core | X too-many              | =
feefilter of 0         | btcd | D                       | D
feefilter of 0         | core | D                       | D
feefilter of 21e14     | btcd | D                       | D
feefilter of 21e14     | core | D                       | D
feefilter of 21e14 + 1 | btcd | X bad-fee-rate          | =
feefilter of 21e14 + 1 | core | ·                       | =
feefilter of -1        | btcd | X bad-fee-rate          | =
feefilter of -1        | core | ·                       | =
`

// Columns as in the first table; before verack it is the same whether the version is there or not, but for what nobody knows.

const ofBytes = `
bad-checksum                 | btcd | X                        | = | = | R
bad-checksum                 | core | ·                        | = | = | =
unknown-bad-checksum         | btcd | X unknown-before-version | · | = | D
unknown-bad-checksum         | core | ·                        | = | = | =
bad-command                  | btcd | X unknown-before-version | · | = | D
bad-command                  | core | ·                        | = | = | =
something behind the NUL     | btcd | X unknown-before-version | · | = | D
something behind the NUL     | core | ·                        | = | = | =
command-not-utf8             | btcd | X                        | = | = | R
command-not-utf8             | core | ·                        | = | = | =
oversized-payload            | btcd | X                        | = | = | R
oversized-payload            | core | ·                        | = | = | D
unsupported-version at 70012 | btcd | X                        | = | = | R
unsupported-version at 70012 | core | ·                        | = | = | D
truncated                    | btcd | X                        | = | = | R
truncated                    | core | ·                        | = | = | =
trailing-bytes               | btcd | X                        | = | = | R
trailing-bytes               | core | ·                        | = | = | D
non-canonical-size           | btcd | X                        | = | = | R
non-canonical-size           | core | ·                        | = | = | =
too-many                     | btcd | X                        | = | = | R
too-many                     | core | ·                        | = | = | X
too-long                     | btcd | X                        | = | = | R
too-long                     | core | ·                        | = | = | =
bad-flag                     | btcd | X                        | = | = | R
bad-flag                     | core | ·                        | = | = | =
bad-address                  | btcd | X                        | = | = | R
bad-address                  | core | ·                        | = | = | =
bad-value                    | btcd | X                        | = | = | R
bad-value                    | core | ·                        | = | = | =
bad-merkle-tree              | btcd | X                        | = | = | R
bad-merkle-tree              | core | ·                        | = | = | =
`

describe.each(['outbound', 'inbound'] as const)('what the remote says, %s', direction => {
  it.each([...table(ofHandshake), ...table(ofBytes)])('%s under %s', (label, policy, ...cells) => {
    const [name, protocolVersion] = named(label)
    if (!isPolicy(policy)) throw new Error(`there is no policy ${policy}`)
    const rules = rulesOf({
      direction,
      policy: policies[policy],
      protocolVersion: Math.min(70_016, protocolVersion),
    })
    check(cells, talking, name, phase =>
      inWords(converse(rules, at(phase, rules, protocolVersion), saying(name))),
    )
  })

  it.each(table(behindIt))('%s under %s, without and with NODE_BLOOM', (label, policy, ...cells) => {
    const [name, protocolVersion] = named(label)
    if (!isPolicy(policy)) throw new Error(`there is no policy ${policy}`)
    const [without, bloom] = [0n, 4n].map(services => {
      const rules = rulesOf({ direction, services, policy: policies[policy] })
      return inWords(converse(rules, at('ready', rules, protocolVersion), saying(name)))
    })
    const [one = '', other = ''] = cells
    expect([without, bloom]).toEqual([expectation(one), expectation(other === '=' ? one : other)])
  })

  it('nothing is said before the keys are there, and nothing behind a verdict or the end is heard', () => {
    const rules = rulesOf({ direction })
    for (const name of Object.keys(said)) {
      for (const phase of ['opening', 'rejecting', 'closed'] as const) {
        expect(inWords(converse(rules, at(phase, rules), saying(name)))).toBe('DROP')
      }
    }
  })
})

// Columns: the row of the policy, what comes in, in which phase, and what `ignore` makes of it. The other actions make the
// same of all: `drop` drops, `reject` rejects from 70002 on and closes below, `disconnect` closes. Trailing bytes are ignored
// but in their own row, since a payload that is too long has them.

const ownRows = `
bad-checksum            | bad-checksum                 | ready     | D
unknown-bad-checksum    | unknown-bad-checksum         | ready     | D
bad-command             | bad-command                  | ready     | D
command-not-utf8        | command-not-utf8             | ready     | D
oversized-payload       | oversized-payload            | ready     | D
unsupported-version     | unsupported-version at 70012 | ready     | D
trailing-bytes          | trailing-bytes               | ready     | D
truncated               | truncated                    | ready     | ·
non-canonical-size      | non-canonical-size           | ready     | ·
too-many                | too-many                     | ready     | ·
too-many                | getheaders of 102            | ready     | D
too-long                | too-long                     | ready     | ·
bad-flag                | bad-flag                     | ready     | ·
bad-address             | bad-address                  | ready     | ·
bad-value               | bad-value                    | ready     | ·
bad-merkle-tree         | bad-merkle-tree              | ready     | ·
unreadable-in-handshake | truncated                    | greeting  | ·
unreadable-in-handshake | truncated                    | judging   | ·
unreadable-in-handshake | truncated                    | answering | ·
message-before-version  | ping                         | greeting  | ·
unknown-before-version  | unknown                      | greeting  | ·
message-before-verack   | ping                         | judging   | ·
message-before-verack   | ping                         | answering | ·
message-before-verack   | version                      | answering | ·
untimely-sendaddrv2     | sendaddrv2 at 70015          | judging   | judging addrv2:
untimely-sendaddrv2     | sendaddrv2 at 70015          | answering | answering addrv2:
duplicate-version       | version                      | ready     | D
duplicate-verack        | verack                       | ready     | D
late-sendaddrv2         | sendaddrv2                   | ready     | D
late-wtxidrelay         | wtxidrelay                   | ready     | D
bloom-not-offered       | mempool at 70011             | ready     | D
bloom-not-offered-old   | mempool at 70010             | ready     | D
bad-fee-rate            | feefilter of -1              | ready     | D
`

const isViolation = (name: string): name is Violation => name in btcdPolicy.actions
const isPhase = (name: string): name is Phase => talking.some(phase => phase === name)

describe.each([
  ['btcd', btcdPolicy],
  ['core', corePolicy],
] as const)("a policy of one's own, made from %s", (_, base) => {
  it.each(table(ownRows))(
    '%s as every action: %s while %s',
    (violation, label = '', phase = '', ignored = '') => {
      if (!isViolation(violation) || !isPhase(phase))
        throw new Error(`no row ${violation}, or no phase ${phase}`)
      const [name, protocolVersion] = named(label)
      const step = (action: Action, maximum = protocolVersion) => {
        const policy = changed(
          { ...base, maxLocator: 101 },
          { 'trailing-bytes': 'ignore', [violation]: action },
        )
        const rules = rulesOf({ policy, protocolVersion: maximum })
        return inWords(converse(rules, at(phase, rules, protocolVersion), saying(name)))
      }
      const code = violation === 'unreadable-in-handshake' ? name : violation
      expect({
        ignore: step('ignore'),
        drop: step('drop'),
        reject: step('reject'),
        disconnect: step('disconnect'),
      }).toEqual({
        ignore: expectation(ignored),
        drop: 'DROP',
        reject: expectation(protocolVersion < 70_002 ? 'X' : 'R', code, phase),
        disconnect: expectation('X', code),
      })
    },
  )
})

// What is wrong with a version message. Columns: what is, at which version of the remote, the policy, and what follows.

describe('leniency (4.6)', () => {
  const rules = rulesOf({ forgiving: true })

  it.each(['truncated', 'bad-checksum', 'too-many'])(
    'drops what cannot be read behind the handshake: %s',
    name => {
      expect(inWords(converse(rules, at('ready', rules), saying(name)))).toBe('DROP')
    },
  )

  it('closes all the same where the bytes are right, where nothing is agreed, and where the stream is out of step', () => {
    expect(inWords(converse(rules, at('ready', rules), saying('verack')))).toBe(
      expectation('R duplicate-verack', '', 'ready'),
    )
    expect(inWords(converse(rules, at('answering', rules), saying('truncated')))).toBe(
      'closed: close truncated',
    )
    expect(
      inWords(converse(rules, at('ready', rules), { kind: 'broken', error: new WireError('wrong-magic') })),
    ).toBe('closed: close wrong-magic')
  })
})

describe('the tables', () => {
  it('have every row of a policy', () => {
    // Those of a version message have a table of their own.
    const others = ['self-connection', 'version-rejected', 'obsolete-version', 'missing-services']
    const rows = [...table(ownRows).map(([name]) => name), ...others]
    expect(Object.keys(btcdPolicy.actions).filter(violation => !rows.includes(violation))).toEqual([])
    expect(Object.keys(corePolicy.actions).sort()).toEqual(Object.keys(btcdPolicy.actions).sort())
  })
})
