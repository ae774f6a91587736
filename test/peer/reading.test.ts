import fc from 'fast-check'
import { config, EMPTY, mergeMap } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import type { Peer } from '../../src/peer/peer.js'
import { btcdPolicy } from '../../src/peer/policy.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { type KnownCommand, type Message, messageTypes, toPlain } from '../../src/wire/messages.js'
import { Services } from '../../src/wire/services.js'
import { messageArbitraries } from '../support/arbitraries.js'
import { converse } from '../support/conversation.js'

const ping = (nonce: bigint): Message => ({ command: 'ping', nonce })
const mystery = (length: number): Message => ({
  command: 'unknown',
  name: 'mystery',
  payload: new Uint8Array(length),
})

afterEach(() => {
  config.onUnhandledError = null
})

describe('reading', () => {
  it('RD1 the time of the message is noted, then the behaviors see it, then the listeners', () => {
    let now = 1_000
    const clock = { monotonic: () => now, epoch: () => now }
    const order: string[] = []
    const peers: Peer[] = []
    const note = (who: string) => order.push(`${who} at ${peers[0]?.stats().lastReceive}`)
    const { said, remote, peer } = converse({
      clock,
      behaviors: {
        watcher: ({ on }) =>
          on('ping').pipe(
            mergeMap(() => {
              note('behavior')
              return EMPTY
            }),
          ),
      },
    })
    peers.push(peer)
    remote.sent$.subscribe(({ command }) => note(command))
    peer.on('ping').subscribe(() => note('on'))
    peer.messages$.subscribe(() => note('messages$'))
    now = 2_000
    said.next(ping(1n))
    expect(order).toEqual(['pong at 2000', 'behavior at 2000', 'on at 2000', 'messages$ at 2000'])
  })

  it('RD1 the built-in answer goes out before a listener is asked', () => {
    const { peer, said, written } = converse()
    const before: (string | undefined)[] = []
    peer.on('ping').subscribe(() => before.push(written.at(-1)?.command))
    peer.messages$.subscribe(() => before.push(written.at(-1)?.command))
    said.next(ping(1n))
    expect(before).toEqual(['pong', 'pong'])
  })

  it('RD1 the next message is read when the listeners have returned, not before', () => {
    const { peer, said } = converse()
    const counts: number[] = []
    peer.on('getaddr').subscribe(() => {
      said.next(ping(1n))
      counts.push(peer.stats().messagesReceived)
    })
    peer.on('ping').subscribe(() => counts.push(peer.stats().messagesReceived))
    said.next({ command: 'getaddr' })
    // Version and verack, getaddr; then ping.
    expect(counts).toEqual([3, 4])
  })

  it('RD2 a message that nobody knows is no sign of life to the statistics, and has no listener but unknown', () => {
    let now = 1_000
    const clock = { monotonic: () => now, epoch: () => now }
    const { peer, said, written, log } = converse({ clock })
    const seen: string[] = []
    for (const command of ['unknown', 'ping', 'tx'] as const) {
      peer.on(command).subscribe(() => seen.push(command))
    }
    const before = written.length
    now = 2_000
    said.next(mystery(3))
    expect(seen).toEqual(['unknown'])
    expect(peer.stats().lastReceive).toBe(1_000)
    expect(written).toHaveLength(before)
    expect(log).toEqual(['peer'])
    said.next(ping(1n))
    expect(peer.stats().lastReceive).toBe(2_000)
  })

  it('RD4 where the remote ends in order the peer ends, without a reject', () => {
    const { said, log, written } = converse()
    said.complete()
    expect(log).toEqual(['peer', 'error remote-closed'])
    expect(written.at(-1)?.command).toBe('verack')
  })

  it('RD4 where it ends within a message, neither', () => {
    for (const part of [1, 23, 24, 31]) {
      const { said, log, written, peer } = converse()
      const reasons: string[] = []
      peer.closed$.subscribe(({ code, by }) => reasons.push(`${code} by ${by}`))
      said.next(frameOf(ping(1n)).subarray(0, part))
      said.complete()
      expect(log).toEqual(['peer', 'error truncated-frame'])
      expect(reasons).toEqual(['truncated-frame by remote'])
      expect(written.at(-1)?.command).toBe('verack')
    }
  })

  it('RD6 counts header and payload of every message: known, unknown, and unreadable', () => {
    const { peer, said } = converse({ regtestLeniency: true })
    const grown = (bytes: Message | Uint8Array) => {
      const before = peer.stats().bytesReceived
      said.next(bytes)
      return peer.stats().bytesReceived - before
    }
    expect(grown({ command: 'getaddr' })).toBe(24)
    expect(grown(ping(1n))).toBe(24 + 8)
    expect(grown(mystery(0))).toBe(24)
    expect(grown(mystery(100))).toBe(24 + 100)
    expect(grown(frameOf({ command: 'unknown', name: 'ping', payload: new Uint8Array(5) }))).toBe(24 + 5)
    const { received, messagesReceived } = peer.stats()
    expect(received).toMatchObject({
      getaddr: { messages: 1, bytes: 24 },
      ping: { messages: 1, bytes: 32 },
      unknown: { messages: 2, bytes: 148 },
    })
    // Version and verack, and the four that could be read.
    expect(messagesReceived).toBe(6)
  })

  it('RD6 counts a message when it is whole, not by chunks', () => {
    const { peer, said } = converse()
    const before = peer.stats().bytesReceived
    const frame = frameOf(ping(1n))
    said.next(frame.subarray(0, 31))
    expect(peer.stats().bytesReceived).toBe(before)
    said.next(frame.subarray(31))
    expect(peer.stats().bytesReceived).toBe(before + 32)
  })

  it('RD6 counts what is sent in the same way', () => {
    const { peer, said } = converse()
    const before = peer.stats()
    said.next(ping(1n))
    peer.send(mystery(10))
    const { bytesSent, messagesSent, sent } = peer.stats()
    expect(bytesSent - before.bytesSent).toBe(32 + 34)
    expect(messagesSent - before.messagesSent).toBe(2)
    expect(sent).toMatchObject({ pong: { messages: 1, bytes: 32 }, unknown: { messages: 1, bytes: 34 } })
  })

  it('RD7 a listener that throws does not end the peer', async () => {
    const { peer, said, log, written } = converse()
    const reported = new Promise(resolve => {
      config.onUnhandledError = resolve
    })
    const bug = new Error('a bug of the user')
    peer.on('ping').subscribe(({ nonce }) => {
      if (nonce === 1n) throw bug
    })
    said.next(ping(1n))
    said.next(ping(2n))
    expect(await reported).toBe(bug)
    expect(written.slice(-2)).toEqual([
      { command: 'pong', nonce: 1n },
      { command: 'pong', nonce: 2n },
    ])
    expect(log).toEqual(['peer'])
  })
})

/** The messages of the handshake end the peer or are answered with reject when they come later; see the gate. */
const ofHandshake: ReadonlySet<KnownCommand> = new Set(['version', 'verack', 'sendaddrv2', 'wtxidrelay'])
const commands = Object.entries(messageArbitraries)
  .map(([command]) => command)
  .filter((command): command is KnownCommand => command in messageTypes)
  .filter(command => !ofHandshake.has(command))

function delivered(command: KnownCommand, seed: number): void {
  const samples: Message[] = fc.sample<Message>(messageArbitraries[command], { seed, numRuns: 5 })
  // Samples go beyond all money that there is.
  const policy = { ...btcdPolicy, actions: { ...btcdPolicy.actions, 'bad-fee-rate': 'ignore' } } as const
  const { peer, said, log } = converse({ services: Services.bloom, behaviors: { pong: false }, policy })
  const [one, all]: [Message[], Message[]] = [[], []]
  peer.on(command).subscribe(message => one.push(message))
  peer.messages$.subscribe(message => all.push(message))
  for (const sample of samples) said.next(sample)
  expect(one.map(message => toPlain(message))).toEqual(samples.map(message => toPlain(message)))
  expect(all).toEqual(one)
  expect(log).toEqual(['peer'])
}

describe('every message of the table', () => {
  it('is in the list below', () => {
    expect([...commands, ...ofHandshake].sort()).toEqual(Object.keys(messageTypes).sort())
  })

  it.each(commands)('%s is delivered through on(command) and messages$, with all that it says', command => {
    delivered(command, 1)
  })

  it('RD8 cfcheckpt, which btcd never delivers, is delivered', () => {
    const { peer, said } = converse()
    const seen: number[] = []
    peer.on('cfcheckpt').subscribe(({ filterHeaders }) => seen.push(filterHeaders.length))
    const stop = new Uint8Array(32)
    said.next({ command: 'cfcheckpt', filterType: 0, stop, filterHeaders: [stop, stop] })
    expect(seen).toEqual([2])
  })
})
