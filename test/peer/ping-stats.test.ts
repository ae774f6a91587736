import { describe, expect, it } from 'vitest'
import type { PeerStats } from '../../src/peer/stats.js'
import type { ScriptedRemoteOptions } from '../../src/testing/scripted-remote.js'
import { converse, remoteVersion } from '../support/conversation.js'

/** A peer whose clock stands still unless the test moves it; wall time runs apart from the monotonic one. */
function clocked(setup: ScriptedRemoteOptions & { readonly protocolVersion?: number } = {}) {
  let [monotonic, epoch] = [5_000, 1_700_000_000_000]
  const { protocolVersion = 70016 } = setup
  const conversation = converse(
    { clock: { monotonic: () => monotonic, epoch: () => epoch }, behaviors: { pong: false } },
    { ...setup, version: remoteVersion({ protocolVersion }) },
  )
  const { peer, said } = conversation
  return {
    ...conversation,
    pass: (ms: number) => {
      monotonic += ms
      epoch += ms
    },
    /** Somebody sets the wall clock. */
    setBack: (ms: number) => {
      epoch -= ms
    },
    ping: (nonce: bigint) => peer.send({ command: 'ping', nonce }),
    pong: (nonce: bigint) => said.next({ command: 'pong', nonce }),
  }
}

const figures = ({ lastPingNonce, lastPingTime, lastPingMicros }: PeerStats) => ({
  lastPingNonce,
  lastPingTime,
  lastPingMicros,
})

const never = { lastPingNonce: 0n, lastPingTime: undefined, lastPingMicros: undefined }

describe('figures of pings', () => {
  it('PG4 before the first ping there are none', () => {
    expect(figures(clocked().peer.stats())).toEqual(never)
  })

  it('PG4 a ping of the user sets nonce and wall time', () => {
    const { peer, ping, pass } = clocked()
    pass(250)
    ping(7n)
    expect(figures(peer.stats())).toEqual({
      lastPingNonce: 7n,
      lastPingTime: 1_700_000_000_250,
      lastPingMicros: undefined,
    })
  })

  it('PG4 it counts when it was written, not when it was queued', () => {
    const taken: (() => void)[] = []
    const { peer, ping, pong, pass } = clocked({ taking: written => taken.push(written) })
    for (const written of taken.splice(0)) written()
    ping(7n)
    expect(figures(peer.stats())).toEqual(never)
    pass(1_000)
    for (const written of taken.splice(0)) written()
    pass(2)
    pong(7n)
    expect(figures(peer.stats())).toEqual({
      lastPingNonce: 0n,
      lastPingTime: 1_700_000_001_000,
      lastPingMicros: 2_000,
    })
  })

  it('PG4 up to version 60000 pings have no nonce, and no figures', () => {
    const at60000 = clocked({ protocolVersion: 60_000 })
    at60000.ping(7n)
    expect(figures(at60000.peer.stats())).toEqual(never)
    const at60001 = clocked({ protocolVersion: 60_001 })
    at60001.ping(7n)
    expect(at60001.peer.stats().lastPingNonce).toBe(7n)
  })

  it('PG5 its pong gives the round trip in µs and clears the nonce', () => {
    const { peer, ping, pong, pass } = clocked()
    ping(7n)
    pass(12.345)
    pong(7n)
    expect(figures(peer.stats())).toEqual({
      lastPingNonce: 0n,
      lastPingTime: 1_700_000_000_000,
      lastPingMicros: 12_345,
    })
  })

  it('PG5 the figures are there when the pong is delivered', () => {
    const { peer, ping, pong, pass } = clocked()
    const seen: (number | undefined)[] = []
    peer.on('pong').subscribe(() => seen.push(peer.stats().lastPingMicros))
    ping(7n)
    pass(3)
    pong(7n)
    expect(seen).toEqual([3_000])
  })

  it('PG5 setting the wall clock does not touch the round trip', () => {
    const { peer, ping, pong, pass, setBack } = clocked()
    ping(7n)
    pass(5)
    setBack(3_600_000)
    pong(7n)
    expect(peer.stats().lastPingMicros).toBe(5_000)
  })

  it('PG6 another nonce changes nothing, and is delivered', () => {
    const { peer, ping, pong, pass } = clocked()
    const delivered: bigint[] = []
    peer.on('pong').subscribe(({ nonce }) => delivered.push(nonce))
    ping(7n)
    pass(5)
    pong(8n)
    expect(figures(peer.stats())).toEqual({
      lastPingNonce: 7n,
      lastPingTime: 1_700_000_000_000,
      lastPingMicros: undefined,
    })
    pass(5)
    pong(7n)
    expect(peer.stats().lastPingMicros).toBe(10_000)
    expect(delivered).toEqual([8n, 7n])
  })

  it('PG6 a pong that nobody asked for changes nothing', () => {
    const { peer, ping, pong, pass } = clocked()
    pong(7n)
    expect(figures(peer.stats())).toEqual(never)
    ping(7n)
    pass(5)
    pong(7n)
    const answered = figures(peer.stats())
    pass(5)
    pong(7n)
    expect(figures(peer.stats())).toEqual(answered)
  })

  it('PG7 only the last ping counts', () => {
    const { peer, ping, pong, pass } = clocked()
    ping(1n)
    pass(10)
    ping(2n)
    pass(4)
    pong(1n)
    expect(figures(peer.stats())).toEqual({
      lastPingNonce: 2n,
      lastPingTime: 1_700_000_000_010,
      lastPingMicros: undefined,
    })
    pong(2n)
    expect(figures(peer.stats())).toEqual({
      lastPingNonce: 0n,
      lastPingTime: 1_700_000_000_010,
      lastPingMicros: 4_000,
    })
  })

  it('PG8 nonce 0 never matches', () => {
    const { peer, ping, pong, pass } = clocked()
    ping(0n)
    pass(5)
    pong(0n)
    expect(figures(peer.stats())).toEqual({
      lastPingNonce: 0n,
      lastPingTime: 1_700_000_000_000,
      lastPingMicros: undefined,
    })
  })

  it('PG8 pong(0) leaves the figures of an outstanding ping alone', () => {
    const { peer, ping, pong, pass } = clocked()
    ping(7n)
    pass(5)
    pong(0n)
    expect(peer.stats()).toMatchObject({ lastPingNonce: 7n, lastPingMicros: undefined })
  })

  it('PG4 a snapshot does not change afterwards', () => {
    const { peer, ping, pong } = clocked()
    ping(7n)
    const before = peer.stats()
    pong(7n)
    expect(before.lastPingNonce).toBe(7n)
  })
})
