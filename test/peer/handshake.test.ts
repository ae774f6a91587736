import { NEVER, type Observable, of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { accept } from '../../src/peer/accept.js'
import { acceptEach } from '../../src/peer/accept-each.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces, type NonceRegistry } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import type { PeerOptions } from '../../src/peer/options.js'
import { type ScriptedRemoteOptions, scriptedRemote } from '../../src/testing/scripted-remote.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import { memoryPair } from '../../src/transport/memory.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion, stillClock } from '../support/conversation.js'

/** A remote that is the test itself, and the peer that it talks to. */
function talk(direction: 'inbound' | 'outbound', given: PeerOptions, setup: ScriptedRemoteOptions = {}) {
  const said = new Subject<Message | Uint8Array>()
  const { connection, sent$, ended$ } = scriptedRemote(said, setup)
  const written: Message[] = []
  const log: string[] = []
  sent$.subscribe(message => written.push(message))
  ended$.subscribe(how => log.push(how))
  const options: PeerOptions = { network: regtest, nonces: createNonces(), clock: stillClock, ...given }
  const peer$ = direction === 'outbound' ? connect(of(connection), options) : accept(connection, options)
  const reasons: string[] = []
  peer$.subscribe({
    next: () => log.push('peer'),
    error: ({ code, reason }) => {
      log.push(`error ${code}`)
      reasons.push(reason)
    },
  })
  return { said, written, words: () => written.map(({ command }) => command), log, reasons }
}

const refusing = (reason: string): PeerOptions => ({
  acceptVersion: () => ({ command: 'reject', rejected: 'version', code: 0x40, reason }),
})

describe.each(['outbound', 'inbound'] as const)('a refusal of acceptVersion, %s', direction => {
  it('HV13 tells the remote why, and closes', () => {
    const { said, written, log } = talk(direction, refusing('full'))
    said.next(remoteVersion())
    expect(written.at(-1)).toEqual({ command: 'reject', rejected: 'version', code: 0x40, reason: 'full' })
    expect(log).toEqual(['close', 'error version-rejected'])
  })

  it.each([
    ['we are full — try later', 0x40],
    ['full', 0x100],
    ['full', -1],
  ])('W3 closes with words that no reject can carry: %s, %i', (reason, code) => {
    const { said, words, log, reasons } = talk(direction, {
      acceptVersion: () => ({ command: 'reject', rejected: 'version', code, reason }),
    })
    said.next(remoteVersion())
    expect(words()).toEqual(direction === 'outbound' ? ['version'] : [])
    expect(log).toEqual(['close', 'error version-rejected'])
    expect(reasons).toEqual([reason])
  })

  it('waits a second for a remote that does not take the reject, and no longer', () => {
    const time = virtualTime()
    const { scheduler, clock } = time
    // Our own version is taken, and nothing behind it.
    let room = direction === 'outbound'
    const taking = (written: () => void) => {
      if (room) written()
      room = false
    }
    const { said, log } = talk(direction, { ...refusing('full'), scheduler, clock }, { taking })
    said.next(remoteVersion())
    time.advance(999)
    expect(log).toEqual([])
    time.advance(1)
    expect(log).toEqual(['close', 'error version-rejected'])
    expect(time.pending).toBe(0)
  })
})

describe('W3 what a version message has no room for', () => {
  it.each<[string, PeerOptions]>([
    ['a name above Latin-1', { userAgent: { name: 'später—', version: '1' } }],
    ['a comment above Latin-1', { userAgent: { name: 'a', version: '1', comments: ['– 2'] } }],
    ['a Latin-1 name', { userAgent: { name: 'später', version: '1' } }],
    ['a protocol version above 31 bits', { protocolVersion: 2 ** 31 }],
  ])('throws at the call: %s', (_, options) => {
    const { connection } = scriptedRemote(NEVER)
    for (const call of [
      () => connect(NEVER, options),
      () => accept(connection, options),
      () => acceptEach(options),
      () => open(NEVER, options),
    ]) {
      expect(call).toThrow(TypeError)
    }
  })

  it('is in it up to the last bit: 31 of them for the protocol version, 64 for the services', () => {
    const { written } = talk('outbound', { protocolVersion: 0x7fff_ffff, services: 0xffff_ffff_ffff_ffffn })
    expect(written).toMatchObject([{ protocolVersion: 0x7fff_ffff, services: 0xffff_ffff_ffff_ffffn }])
  })

  it('closes where it is found when the message is made', () => {
    for (const height of [-1, 2 ** 31, 0.5, Number.NaN]) {
      const newestBlock = () => ({ height, hash: new Uint8Array(32) })
      const { log, words } = talk('outbound', { newestBlock })
      expect([log, words()]).toEqual([['close', 'error callback-failed'], []])
    }
  })
})

/** The nonce of the first version message. */
function nonceIn(written: readonly Message[]): bigint {
  const [version] = written
  return version?.command === 'version' ? version.nonce : expect.fail('no version message')
}

/** A registry that tells how many nonces are in it. */
function counted(): NonceRegistry & { readonly size: number } {
  return new Set<bigint>()
}

describe('W6 the nonce of our version message', () => {
  it('that a listener has told is nobody’s at another one', () => {
    const nonces = counted()
    const a = talk('inbound', { nonces })
    a.said.next(remoteVersion())
    const b = talk('inbound', { nonces })
    b.said.next(remoteVersion({ nonce: nonceIn(a.written) }))
    b.said.next({ command: 'verack' })
    expect([b.log, nonces.size]).toEqual([['peer'], 0])
  })

  it('that one dial has told is nobody’s at another one', () => {
    const nonces = counted()
    const a = talk('outbound', { nonces })
    const b = talk('outbound', { nonces })
    b.said.next(remoteVersion({ nonce: nonceIn(a.written) }))
    b.said.next({ command: 'verack' })
    expect([b.log, nonces.size]).toEqual([['peer'], 1])
  })

  it('is not known any more when the handshake is over', () => {
    const nonces = counted()
    const dialled = talk('outbound', { nonces })
    expect(nonces.size).toBe(1)
    dialled.said.next(remoteVersion())
    expect(nonces.size).toBe(1)
    dialled.said.next({ command: 'verack' })
    expect(nonces.size).toBe(0)
    const accepted = talk('inbound', { nonces })
    accepted.said.next(remoteVersion({ nonce: nonceIn(dialled.written) }))
    accepted.said.next({ command: 'verack' })
    expect(accepted.log).toEqual(['peer'])
  })

  it('is not known any more when the handshake has failed', () => {
    const nonces = counted()
    talk('outbound', { nonces }).said.complete()
    expect(nonces.size).toBe(0)
  })

  it('tells a dial that has reached our own listener', () => {
    const nonces = counted()
    const dialled = talk('outbound', { nonces })
    const accepted = talk('inbound', { nonces })
    accepted.said.next(remoteVersion({ nonce: nonceIn(dialled.written) }))
    expect([accepted.log, accepted.words()]).toEqual([['close', 'error self-connection'], []])
  })

  it('tells a dial that has reached an echo', () => {
    const { said, written, log, words } = talk('outbound', {})
    const [version] = written
    if (version !== undefined) said.next(version)
    expect([log, words()]).toEqual([['close', 'error self-connection'], ['version']])
  })

  it('tells both ends of one connection', async () => {
    const [near, far] = memoryPair()
    const ends: string[] = []
    const until = (peer$: Observable<unknown>, side: string) =>
      new Promise<void>(resolve => {
        peer$.subscribe({
          error: ({ code }) => {
            ends.push(`${side} ${code}`)
            resolve()
          },
        })
      })
    const options: PeerOptions = { network: regtest, nonces: createNonces() }
    await Promise.all([until(connect(of(near), options), 'dialled'), until(accept(far, options), 'accepted')])
    expect(ends).toEqual(['accepted self-connection', 'dialled remote-closed'])
  })
})
