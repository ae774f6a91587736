import { of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Connection } from '../../src/stream/connection.js'
import { frameOf, scriptedRemote } from '../../src/testing/scripted-remote.js'
import { encodeFrame } from '../../src/wire/frame.js'
import { equalBytes } from '../../src/wire/hex.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion, stillClock } from '../support/conversation.js'

const payload = Uint8Array.from({ length: 400_000 }, (_, i) => (i * 7) & 0xff)
const frame = encodeFrame(regtest.magic, 'x-large', payload)

/** Not by an assertion: to tell how arrays of this length differ takes minutes. */
const isWhole = (message: Message | undefined) =>
  message?.command === 'unknown' && message.name === 'x-large' && equalBytes(message.payload, payload)

type Room = () => Uint8Array | undefined

/** A peer whose transport reads into what it is given. */
function connected(): { peer: Peer; read: Subject<Message | Uint8Array>; room: Room; seen: Message[] } {
  const read = new Subject<Message | Uint8Array>()
  const remote = scriptedRemote(read, { handshake: { version: remoteVersion(), direction: 'outbound' } })
  let room: Room = () => undefined
  const connection: Connection = {
    ...remote.connection,
    into: asked => {
      room = asked
    },
  }
  const peers: Peer[] = []
  const seen: Message[] = []
  connect(of(connection), { network: regtest, nonces: createNonces(), clock: stillClock }).subscribe({
    next: each => peers.push(each),
    error: () => {},
  })
  const [peer] = peers
  if (peer === undefined) throw new Error('no handshake')
  peer.messages$.subscribe(message => seen.push(message))
  return { peer, read, room, seen }
}

describe('the room that a peer gives to its transport', () => {
  it('is the rest of the message that it is in, and is charged before it is filled', () => {
    const { peer, read, room, seen } = connected()
    expect(room()).toBeUndefined()
    read.next(frame.slice(0, 150_000))
    const before = peer.stats().memory.frame
    const given = room()
    expect(given?.length).toBe(frame.length - 150_000)
    expect(before).toBeLessThan(payload.length)
    expect(peer.stats().memory.frame).toBe(frame.length)
    given?.set(frame.subarray(150_000))
    read.next(given ?? frame)
    expect(seen.map(isWhole)).toEqual([true])
    expect(peer.stats().memory.frame).toBe(0)
    expect(room()).toBeUndefined()
  })

  it('is not given by a peer that has ended', () => {
    const { peer, read, room } = connected()
    read.next(frame.slice(0, 150_000))
    peer.disconnect()
    expect(room()).toBeUndefined()
  })

  it('may be left unused', () => {
    const { read, room, seen } = connected()
    read.next(frame.slice(0, 150_000))
    expect(room()).toBeDefined()
    read.next(frame.slice(150_000))
    read.next(frameOf({ command: 'ping', nonce: 1n }))
    expect(seen.map(({ command }) => command)).toEqual(['unknown', 'ping'])
    expect(isWhole(seen[0])).toBe(true)
  })
})
