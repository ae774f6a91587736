import { readFileSync } from 'node:fs'
import { NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { accept } from '../../src/peer/accept.js'
import { acceptEach } from '../../src/peer/accept-each.js'
import { connect } from '../../src/peer/connect.js'
import { open } from '../../src/peer/open.js'
import { type PeerOptions, resolveOptions } from '../../src/peer/options.js'
import { RXPEER_VERSION } from '../../src/peer/own-version.js'
import { btcdPolicy, corePolicy } from '../../src/peer/policy.js'
import { scriptedRemote } from '../../src/testing/scripted-remote.js'
import { mainnet } from '../../src/wire/network.js'

const bad: readonly (readonly [string, PeerOptions])[] = [
  ['a reserved character in the name', { userAgent: { name: 'a/b', version: '1' } }],
  ['a reserved character in a comment', { userAgent: { name: 'a', version: '1', comments: ['(x)'] } }],
  ['a user agent of 257 bytes', { userAgent: { name: 'x'.repeat(240), version: '1' } }],
  ['a version before 106', { protocolVersion: 105 }],
  ['a version that is no integer', { protocolVersion: 70016.5 }],
  ['negative services', { services: -1n }],
  ['services of 65 bits', { services: 1n << 64n }],
  ['no time for the handshake', { handshakeTimeout: 0 }],
  ['NaN for the handshake', { handshakeTimeout: Number.NaN }],
  ['a handshake longer than timers can wait', { handshakeTimeout: 2 ** 31 }],
  ['an endless idle timeout', { idleTimeout: Number.POSITIVE_INFINITY }],
  ['no time between pings', { pingInterval: 0 }],
  ['no time for a pong', { pingTimeout: -1 }],
  ['no time between looks for stalls', { stallTick: Number.NaN }],
  ['an empty queue', { sendQueueLimit: 0 }],
]

describe('options', () => {
  it.each(bad)('%s throws at the call', (_, options) => {
    const { connection } = scriptedRemote(NEVER)
    expect(() => connect(NEVER, options)).toThrow(TypeError)
    expect(() => accept(connection, options)).toThrow(TypeError)
    expect(() => acceptEach(options)).toThrow(TypeError)
    expect(() => open(NEVER, options)).toThrow(TypeError)
  })

  it('has the documented defaults', () => {
    const resolved = resolveOptions({})
    expect(resolved).toMatchObject({
      network: mainnet,
      userAgent: '/rxpeer:0.1.0/',
      services: 0n,
      protocolVersion: 70016,
      relay: true,
      handshakeTimeout: 30_000,
      sendQueueLimit: 67_108_864,
      policy: btcdPolicy,
    })
    expect([...resolved.behaviors.keys()]).toContain('pong')
    expect(resolved.random.bytes(32)).toHaveLength(32)
    expect(resolved.random.bytes(32)).not.toEqual(resolved.random.bytes(32))
  })

  it('takes the times of the policy', () => {
    expect(resolveOptions({ policy: corePolicy }).handshakeTimeout).toBe(60_000)
    expect(resolveOptions({ policy: corePolicy, handshakeTimeout: 5 }).handshakeTimeout).toBe(5)
    expect({ ...btcdPolicy, actions: {} }).toMatchObject({
      handshakeTimeout: 30_000,
      idleTimeout: 300_000,
      pingTimeout: undefined,
    })
    expect(corePolicy).toMatchObject({ idleTimeout: 1_200_000, pingTimeout: 1_200_000 })
  })

  it('merges behaviors by name: added, replaced, left out', () => {
    const mine = () => NEVER
    expect(resolveOptions({ behaviors: { mine } }).behaviors.get('mine')).toBe(mine)
    expect(resolveOptions({ behaviors: { pong: mine } }).behaviors.get('pong')).toBe(mine)
    expect(resolveOptions({ behaviors: { pong: false } }).behaviors.has('pong')).toBe(false)
  })

  it('takes the time of the scheduler where only that is given', () => {
    const scheduler = { now: () => 42, schedule: () => NEVER.subscribe() }
    const { clock } = resolveOptions({ scheduler })
    expect([clock.monotonic(), clock.epoch()]).toEqual([42, 42])
  })

  it('carries the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(RXPEER_VERSION).toBe(version)
  })
})
