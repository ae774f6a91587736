import { describe, expect, it } from 'vitest'
import { corePolicy } from '../../src/peer/policy.js'
import type { Traffic } from '../../src/peer/traffic.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { converse, remoteVersion } from '../support/conversation.js'

const line = ({ direction, command, bytes, error }: Traffic) =>
  `${direction} ${command} ${bytes}${error ? ` ${error.code}` : ''}`

describe('traffic', () => {
  it('SD4 shows every read and write from the first one, the handshake, unknown and failed ones included', () => {
    const lines: string[] = []
    const { peer, said } = converse({ traffic: { next: event => lines.push(line(event)) } })
    said.next({ command: 'ping', nonce: 1n })
    said.next({ command: 'unknown', name: 'mystery', payload: Uint8Array.of(1) })
    peer.send({ command: 'getaddr' })
    said.next(frameOf({ command: 'unknown', name: 'ping', payload: Uint8Array.of(1) }))
    expect(lines).toEqual([
      'sent version 124',
      'received version 124',
      'sent wtxidrelay 24',
      'sent sendaddrv2 24',
      'sent verack 24',
      'received verack 24',
      'received ping 32',
      'sent pong 32',
      'received mystery 25',
      'sent getaddr 24',
      'received ping 25 truncated',
      expect.stringMatching(/^sent reject /),
    ])
  })

  it('HS8 sees a message before anybody else does: then acceptVersion, then whoever waits for the peer', () => {
    const order: string[] = []
    converse(
      {
        traffic: {
          next: ({ direction, command }) => {
            if (direction === 'received') order.push(command)
          },
        },
        acceptVersion: () => {
          order.push('acceptVersion')
          return undefined
        },
      },
      { features: [{ command: 'sendaddrv2' }], onPeer: () => order.push('peer') },
    )
    expect(order).toEqual(['version', 'acceptVersion', 'sendaddrv2', 'verack', 'peer'])
  })

  it('HS9 sends more than fifty initial messages right after the handshake, in order', () => {
    const initial = Array.from({ length: 60 }, (_, i) => ({ command: 'ping', nonce: BigInt(i + 1) }) as const)
    const { written } = converse({ initial })
    expect(written.map(({ command }) => command).slice(0, 5)).toEqual([
      ...['version', 'wtxidrelay', 'sendaddrv2', 'verack', 'ping'],
    ])
    expect(written.slice(4)).toEqual(initial)
  })

  it('names the peer, and is never completed', () => {
    const peers = new Set<number>()
    let completed = false
    const traffic = {
      next: (event: Traffic) => peers.add(event.peer),
      complete: () => {
        completed = true
      },
    }
    const ids = [converse({ traffic }), converse({ traffic })].map(({ peer, said }) => {
      said.complete()
      return peer.id
    })
    expect([...peers]).toEqual(ids)
    expect(completed).toBe(false)
  })
})

describe('stats', () => {
  it('counts messages and bytes, and tells what the handshake told', () => {
    let now = 1_700_000_000_000
    const clock = { monotonic: () => now, epoch: () => now }
    const { peer, said } = converse(
      { clock },
      { version: remoteVersion({ timestamp: 1_700_000_042n, protocolVersion: 70020 }) },
    )
    expect(peer.stats()).toEqual({
      id: peer.id,
      direction: 'outbound',
      address: { host: '127.0.0.1', port: 18444 },
      localAddress: undefined,
      transport: 'v1',
      connectedAt: 1_700_000_000_000,
      bytesSent: 124 + 3 * 24,
      bytesReceived: 124 + 24,
      messagesSent: 4,
      messagesReceived: 2,
      lastSend: 1_700_000_000_000,
      lastReceive: 1_700_000_000_000,
      services: 9n,
      version: 70020,
      protocolVersion: 70016,
      userAgent: '/remote:1.0.0/',
      startHeight: 100,
      timeOffset: 42,
      witness: true,
      wantsAddrV2: false,
      wantsHeaders: false,
      lastBlock: 100,
      lastAnnouncedBlock: undefined,
      lastPingNonce: 0n,
      lastPingTime: undefined,
      lastPingMicros: undefined,
      memory: { frame: 0, held: 0, queue: 0, request: 0, question: 0, reply: 0, send: 0 },
      received: { version: { messages: 1, bytes: 124 }, verack: { messages: 1, bytes: 24 } },
      sent: {
        version: { messages: 1, bytes: 124 },
        wtxidrelay: { messages: 1, bytes: 24 },
        sendaddrv2: { messages: 1, bytes: 24 },
        verack: { messages: 1, bytes: 24 },
      },
    })
    now += 5_000
    said.next({ command: 'getaddr' })
    now += 5_000
    said.next({ command: 'unknown', name: 'mystery', payload: new Uint8Array(0) })
    // RD2: what nobody knows counts as bytes, yet is no sign of life.
    expect(peer.stats()).toMatchObject({
      bytesReceived: 124 + 24 + 24 + 24,
      messagesReceived: 4,
      lastReceive: 1_700_000_005_000,
      lastSend: 1_700_000_000_000,
    })
  })

  it('learns nothing from a message that the policy drops', () => {
    const { peer, said } = converse({ policy: corePolicy })
    said.next(remoteVersion({ startHeight: 900_000 }))
    expect(peer.stats()).toMatchObject({ lastBlock: 100, messagesReceived: 3 })
    const ignoring = { ...corePolicy.actions, 'duplicate-version': 'ignore' } as const
    const lenient = converse({ policy: { ...corePolicy, actions: ignoring } })
    lenient.said.next(remoteVersion({ startHeight: 900_000 }))
    expect(lenient.peer.stats().lastBlock).toBe(900_000)
  })

  it('is a snapshot', () => {
    const { peer, said } = converse()
    const before = peer.stats()
    said.next({ command: 'getaddr' })
    expect(before.messagesReceived).toBe(2)
    expect(peer.stats().messagesReceived).toBe(3)
  })
})
