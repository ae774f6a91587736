import { describe, expect, it } from 'vitest'
import { gate } from '../../src/peer/gate.js'
import { btcdPolicy, corePolicy } from '../../src/peer/policy.js'
import type { Message } from '../../src/wire/messages.js'
import { converse, remoteVersion } from '../support/conversation.js'
import { rulesOf } from '../support/conversing.js'
import { said } from '../support/sayings.js'

/** What a peer makes of a message behind its handshake: the code of its end, `delivered`, or `dropped`. */
function outcome(policy: typeof btcdPolicy, name: string, protocolVersion = 70_016): string {
  const message = said[name]
  if (message === undefined) throw new Error(`no message is called ${name}`)
  const {
    peer,
    said: remote,
    log,
    written,
  } = converse({ policy }, { version: remoteVersion({ protocolVersion }) })
  const seen: Message[] = []
  peer.messages$.subscribe(one => seen.push(one))
  const before = written.length
  remote.next(message)
  const told = written.slice(before).map(({ command }) => `, ${command}`)
  const end = log.find(entry => entry.startsWith('error '))
  return `${end?.slice('error '.length) ?? (seen.length > 0 ? 'delivered' : 'dropped')}${told.join('')}`
}

describe('the gate of a peer', () => {
  it.each([
    ['P5', 'getheaders of 101', 'delivered', 'delivered'],
    ['P5', 'getheaders of 102', 'delivered', 'too-many'],
    ['P5', 'getheaders of 500', 'delivered', 'too-many'],
    ['P5', 'getblocks of 101', 'delivered', 'delivered'],
    ['P5', 'getblocks of 102', 'delivered', 'too-many'],
    ['P2', 'feefilter of 0', 'delivered', 'delivered'],
    ['P2', 'feefilter of 21e14', 'delivered', 'delivered'],
    ['P2', 'feefilter of 21e14 + 1', 'bad-fee-rate', 'dropped'],
    ['P2', 'feefilter of -1', 'bad-fee-rate', 'dropped'],
    ['BIP111', 'filterload', 'bloom-not-offered', 'bloom-not-offered'],
    ['HV7', 'version', 'duplicate-version, reject', 'dropped'],
    ['HV8', 'verack', 'duplicate-verack, reject', 'dropped'],
    ['HV9', 'sendaddrv2', 'late-sendaddrv2', 'late-sendaddrv2'],
    ['HV10', 'wtxidrelay', 'late-wtxidrelay', 'late-wtxidrelay'],
  ])('%s %s: %s under btcd, %s under core', (_, name, btcd, core) => {
    expect({ btcd: outcome(btcdPolicy, name), core: outcome(corePolicy, name) }).toEqual({ btcd, core })
  })

  it.each([31_800, 70_015])(
    'P8 sendaddrv2 before verack at %i: the end under btcd, core takes it',
    version => {
      const setup = {
        version: remoteVersion({ protocolVersion: version }),
        features: [{ command: 'sendaddrv2' }],
      } as const
      expect(() => converse({ policy: btcdPolicy }, setup)).toThrow('error untimely-sendaddrv2')
      const { peer } = converse({ policy: corePolicy }, setup)
      expect([peer.features.addrV2, peer.stats().wantsAddrV2]).toEqual([true, true])
    },
  )

  it('P8 sendaddrv2 before verack at 70016 counts under both', () => {
    for (const policy of [btcdPolicy, corePolicy]) {
      const { peer } = converse({ policy }, { features: [{ command: 'sendaddrv2' }] })
      expect(peer.features).toEqual({ wtxidRelay: false, addrV2: true })
    }
  })

  it('P2 the last valid feefilter stays under core', () => {
    const { said: remote, peer } = converse({ policy: corePolicy })
    const rates: bigint[] = []
    peer.on('feefilter').subscribe(({ feeRate }) => rates.push(feeRate))
    for (const feeRate of [5_000n, -1n, 2_100_000_000_000_001n])
      remote.next({ command: 'feefilter', feeRate })
    expect(rates).toEqual([5_000n])
  })
})

describe('gate', () => {
  const rules = rulesOf()

  it('has nothing against messages that say nothing of the conversation', () => {
    const unknown: Message = { command: 'unknown', name: 'version', payload: new Uint8Array(0) }
    expect(gate(unknown, rules, 70_016)).toBeUndefined()
    expect(gate({ command: 'ping', nonce: 1n }, rules, 70_016)).toBeUndefined()
    expect(gate({ command: 'sendtxrcncl', version: 1, salt: 1n }, rules, 70_016)).toBeUndefined()
  })

  it('takes the longest locator of the policy', () => {
    const locator = (length: number): Message => ({
      command: 'getheaders',
      version: 1,
      locator: Array.from({ length }, () => new Uint8Array(32)),
      stop: new Uint8Array(32),
    })
    expect(gate(locator(500), rules, 70_016)).toBeUndefined()
    expect(gate(locator(501), rules, 70_016)).toBe('too-many')
  })

  it('wants all bits of NODE_BLOOM, and no other service instead', () => {
    expect(gate({ command: 'mempool' }, rulesOf({ services: 9n }), 70_016)).toBe('bloom-not-offered')
    expect(gate({ command: 'mempool' }, rulesOf({ services: 13n }), 70_016)).toBeUndefined()
  })
})
