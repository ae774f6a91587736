import { of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { accept } from '../../src/peer/accept.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import { btcdPolicy, corePolicy, type Policy } from '../../src/peer/policy.js'
import { pushAddr } from '../../src/peer/push/addresses.js'
import { frameOf, scriptedRemote } from '../../src/testing/scripted-remote.js'
import { NetworkId } from '../../src/wire/host.js'
import type { RejectMessage } from '../../src/wire/messages/reject.js'
import type { VersionMessage } from '../../src/wire/messages/version.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { Services } from '../../src/wire/services.js'
import { type Conversation, converse, remoteVersion, stillClock } from '../support/conversation.js'

const directions = ['outbound', 'inbound'] as const

/** A handshake with this version message that may fail: what was written, and how it ended. */
function attempt(
  options: PeerOptions,
  version: VersionMessage,
  direction: (typeof directions)[number] = 'outbound',
) {
  const said = new Subject<Message>()
  const remote = scriptedRemote(said)
  const written: Message[] = []
  const log: string[] = []
  remote.sent$.subscribe(message => written.push(message))
  remote.ended$.subscribe(how => log.push(how))
  const all = { network: regtest, nonces: createNonces(), clock: stillClock, ...options }
  const peer$ =
    direction === 'outbound' ? connect(of(remote.connection), all) : accept(remote.connection, all)
  peer$.subscribe({
    next: () => log.push('peer'),
    error: ({ code, by }) => log.push(`${code} by ${by}`),
  })
  said.next(version)
  said.next({ command: 'verack' })
  return { written, commands: written.map(({ command }) => command), log }
}

const own = { outbound: ['version'], inbound: [] }

describe.each(directions)('requiredServices, %s', direction => {
  const requiredServices = Services.network | Services.witness | (1n << 24n)

  it('missing ones are named in a reject, and the peer closes', () => {
    const version = remoteVersion({ services: Services.network | Services.compactFilters })
    const { written, commands, log } = attempt({ requiredServices }, version, direction)
    expect(commands).toEqual([...own[direction], 'reject'])
    expect(written.at(-1)).toEqual({
      command: 'reject',
      rejected: 'version',
      code: 0x40,
      reason: 'required services not offered: witness, bit24',
    })
    expect(log).toEqual(['close', 'missing-services by local'])
  })

  it('core closes without a word', () => {
    const version = remoteVersion({ services: Services.network })
    const { commands, log } = attempt({ requiredServices, policy: corePolicy }, version, direction)
    expect(commands).toEqual(own[direction])
    expect(log).toEqual(['close', 'missing-services by local'])
  })

  it.each([
    [70_001, []],
    [70_002, ['reject']],
  ])('a remote at %i is told %s', (protocolVersion, told) => {
    const version = remoteVersion({ services: 0n, protocolVersion })
    const { commands, log } = attempt({ requiredServices }, version, direction)
    expect(commands).toEqual([...own[direction], ...told])
    expect(log).toEqual(['close', 'missing-services by local'])
  })

  it.each([
    ['exactly those', requiredServices],
    ['more than those', requiredServices | Services.bloom | (1n << 63n)],
  ])('%s are enough', (_, services) => {
    expect(attempt({ requiredServices }, remoteVersion({ services }), direction).log).toEqual(['peer'])
  })

  it('one of them is not', () => {
    for (const services of [Services.network, Services.witness, 1n << 24n, ~requiredServices & 0xffffn]) {
      expect(attempt({ requiredServices }, remoteVersion({ services }), direction).log).toEqual([
        'close',
        'missing-services by local',
      ])
    }
  })

  it('by default nothing is required', () => {
    expect(attempt({}, remoteVersion({ services: 0n }), direction).log).toEqual(['peer'])
  })
})

describe.each(directions)('acceptVersion, %s', direction => {
  const refusal: RejectMessage = {
    command: 'reject',
    rejected: 'version',
    code: 0x10,
    reason: 'not you',
  }

  it('HV13 sees the version message once, before verack; undefined takes it', () => {
    const seen: VersionMessage[] = []
    const version = remoteVersion({ userAgent: '/strange:1.0/', services: 1n << 40n })
    const { log } = attempt(
      {
        acceptVersion: given => {
          seen.push(given)
          return undefined
        },
      },
      version,
      direction,
    )
    expect(seen).toEqual([version])
    expect(log).toEqual(['peer'])
  })

  it('HV13 the reject that it returns is written word for word, and the peer closes', () => {
    const { written, commands, log } = attempt({ acceptVersion: () => refusal }, remoteVersion(), direction)
    expect(commands).toEqual([...own[direction], 'reject'])
    expect(written.at(-1)).toEqual(refusal)
    expect(log).toEqual(['close', 'version-rejected by local'])
  })

  it('HV13 core writes no reject', () => {
    const options = { acceptVersion: () => refusal, policy: corePolicy }
    const { commands, log } = attempt(options, remoteVersion(), direction)
    expect(commands).toEqual(own[direction])
    expect(log).toEqual(['close', 'version-rejected by local'])
  })

  it('HV13 is asked before the services and the age are looked at', () => {
    const options = { acceptVersion: () => refusal, requiredServices: Services.network }
    const version = remoteVersion({ services: 0n, protocolVersion: 208 })
    expect(attempt(options, version, direction).log).toEqual(['close', 'version-rejected by local'])
  })
})

/** Speaks with everybody whose version has a nonce. */
const ancient: Policy = { ...btcdPolicy, minProtocolVersion: 106 }

/** From which version on what is there, as the protocol says. */
const steps = [
  [209, 'many addresses'],
  [31_402, 'address times'],
  [60_001, 'pong'],
  [60_002, 'mempool'],
  [70_001, 'filterload'],
  [70_001, 'relay byte'],
  [70_002, 'reject'],
  [70_011, 'bloom flag'],
  [70_012, 'sendheaders'],
  [70_013, 'feefilter'],
  [70_014, 'sendcmpct'],
  [70_016, 'wtxidrelay and sendaddrv2'],
] as const
type Feature = (typeof steps)[number][1]

const versions = [
  106, 208, 209, 31_401, 31_402, 31_800, 60_000, 60_001, 60_002, 70_000, 70_001, 70_002, 70_010, 70_011,
  70_012, 70_013, 70_014, 70_015, 70_016, 70_017, 80_000,
]

const address = {
  time: 1,
  services: 0n,
  networkId: NetworkId.ipv4,
  address: Uint8Array.of(192, 0, 2, 1),
  port: 1,
}

/** Probes a negotiated version: each feature in a conversation of its own. */
function featuresOf(talk: (options?: PeerOptions) => Conversation): Feature[] {
  /** Whether a frame is taken, and not closed upon. */
  const takes = (name: string, payload: Uint8Array, services = Services.bloom) => {
    const { said, log } = talk({ services })
    said.next(frameOf({ command: 'unknown', name, payload }))
    return log.join() === 'peer'
  }
  const throws = (work: () => unknown) => {
    try {
      work()
      return false
    } catch {
      return true
    }
  }
  const heard = (message: Message | Uint8Array, command: string) => {
    const { said, written } = talk()
    said.next(message)
    return written.at(-1)?.command === command
  }
  const probes: Record<Feature, () => boolean> = {
    'many addresses': () => !throws(() => pushAddr(talk().peer, [address, address])),
    'address times': () => {
      const { peer } = talk()
      pushAddr(peer, [address])
      return peer.stats().sent.addr?.bytes === 24 + 1 + 30
    },
    pong: () => heard({ command: 'ping', nonce: 5n }, 'pong'),
    mempool: () => takes('mempool', new Uint8Array(0)),
    filterload: () => takes('filterload', new Uint8Array(10)),
    'relay byte': () => {
      const { written } = talk({ relay: false })
      return written.some(message => message.command === 'version' && !message.relay)
    },
    reject: () => heard(frameOf({ command: 'unknown', name: 'inv', payload: Uint8Array.of(0, 0) }), 'reject'),
    'bloom flag': () => {
      const { said, log } = talk({ services: 0n })
      said.next(frameOf({ command: 'unknown', name: 'mempool', payload: new Uint8Array(0) }))
      return log.at(-1) === 'error bloom-not-offered'
    },
    sendheaders: () => takes('sendheaders', new Uint8Array(0)),
    feefilter: () => takes('feefilter', new Uint8Array(8)),
    sendcmpct: () => takes('sendcmpct', new Uint8Array(9)),
    'wtxidrelay and sendaddrv2': () => {
      const commands = talk().written.map(({ command }) => command)
      return commands.includes('wtxidrelay') && commands.includes('sendaddrv2')
    },
  }
  return steps.filter(([, feature]) => probes[feature]()).map(([, feature]) => feature)
}

const expectedAt = (protocolVersion: number) =>
  steps.filter(([from]) => from <= protocolVersion).map(([, feature]) => feature)

describe('protocol versions', () => {
  it.each(versions)('inbound from %i: the smaller version is spoken, with all that it has', theirs => {
    const talk = (options: PeerOptions = {}) =>
      converse(
        { policy: ancient, ...options },
        {
          direction: 'inbound',
          version: remoteVersion({ protocolVersion: theirs }),
          protocolVersion: Math.min(theirs, 70_016),
        },
      )
    const { peer, written } = talk()
    const spoken = Math.min(theirs, 70_016)
    expect(peer.protocolVersion).toBe(spoken)
    expect(peer.stats()).toMatchObject({ version: theirs, protocolVersion: spoken })
    const features = theirs >= 70_016 ? ['wtxidrelay', 'sendaddrv2'] : []
    expect(written.map(({ command }) => command)).toEqual(['version', ...features, 'verack'])
    expect(featuresOf(talk)).toEqual(expectedAt(spoken))
  })

  it.each(versions)('outbound to %i: our version says what we can, the smaller one is spoken', theirs => {
    const spoken = Math.min(theirs, 70_016)
    const talk = (options: PeerOptions = {}) =>
      converse(
        { policy: ancient, ...options },
        { version: remoteVersion({ protocolVersion: theirs }), protocolVersion: spoken },
      )
    const { peer, written } = talk()
    expect(peer.protocolVersion).toBe(spoken)
    expect(written[0]).toMatchObject({ command: 'version', protocolVersion: 70_016 })
    const features = theirs >= 70_016 ? ['wtxidrelay', 'sendaddrv2'] : []
    expect(written.map(({ command }) => command)).toEqual(['version', ...features, 'verack'])
    // Before the remote's version is known, ours is written as our own maximum says: with the relay byte.
    const withRelay = steps.filter(([from, name]) => from <= spoken || name === 'relay byte')
    expect(featuresOf(talk)).toEqual(withRelay.map(([, feature]) => feature))
  })

  it.each(versions)('our maximum %i towards a remote at 70016', ours => {
    const spoken = Math.min(ours, 70_016)
    for (const direction of directions) {
      const talk = (options: PeerOptions = {}) =>
        converse({ protocolVersion: ours, ...options }, { direction, protocolVersion: spoken })
      const { peer, written } = talk()
      expect(peer.protocolVersion).toBe(spoken)
      expect(written[0]).toMatchObject({ command: 'version', protocolVersion: ours })
      expect(featuresOf(talk)).toEqual(expectedAt(spoken))
    }
  })

  it('both above 70016: the smaller one is spoken', () => {
    const { peer } = converse(
      { protocolVersion: 80_000 },
      { version: remoteVersion({ protocolVersion: 70_020 }) },
    )
    expect(peer.protocolVersion).toBe(70_020)
  })
})

describe('our services', () => {
  it.each(directions)('are in our version message, %s', direction => {
    const services = Services.network | Services.witness | (1n << 63n)
    const { written } = converse({ services }, { direction })
    expect(written[0]).toMatchObject({ command: 'version', services, sender: { services } })
    expect(converse({}, { direction }).written[0]).toMatchObject({ services: 0n })
  })
})
