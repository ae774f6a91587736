import { describe, expect, it } from 'vitest'
import { Fences } from '../../src/requests/engine/fences.js'
import type { Message } from '../../src/wire/messages.js'
import { converse, remoteVersion } from '../support/conversation.js'

/** A peer with its fences, the pings that it has sent, and the pongs that users have heard. */
function fenced() {
  let dice = 0
  const random = {
    bytes: (size: number) => {
      dice += 1
      return new Uint8Array(size).fill(dice)
    },
  }
  const { peer, said, written } = converse({ random })
  const heard: bigint[] = []
  peer.on('pong').subscribe(({ nonce }) => heard.push(nonce))
  const pings = () => written.flatMap(message => (message.command === 'ping' ? [message.nonce] : []))
  const pong = (nonce: bigint | undefined) => {
    if (nonce !== undefined) said.next({ command: 'pong', nonce })
  }
  return { peer, said, fences: Fences.of(peer), heard, pings, pong }
}

describe('Fences', () => {
  it('are not there where the remote has no pong', () => {
    const { peer } = converse({}, { version: remoteVersion({ protocolVersion: 60_000 }) })
    expect(Fences.of(peer)).toBeUndefined()
  })

  it('tell once, at their own pong, and nobody who has forgotten them', () => {
    const { fences, pings, pong, heard } = fenced()
    const told: string[] = []
    fences?.raise(() => told.push('first'))
    fences?.raise(() => told.push('second'))()
    const [first, second] = pings()
    pong(first)
    pong(second)
    expect(told).toEqual(['first'])
    expect(heard).toEqual([])
    // Both are over: what comes now is no pong of ours.
    pong(first)
    expect(heard).toEqual([first])
  })

  it('share one ping behind a message, and each of those who wonder can forget it', () => {
    const { peer, said, fences, pings, pong } = fenced()
    const told: string[] = []
    const message: Message = { command: 'inv', inventory: [] }
    peer.on('inv').subscribe(inv => {
      fences?.behind(inv, () => told.push('a'))
      fences?.behind(inv, () => told.push('b'))()
      fences?.behind(inv, () => told.push('c'))
    })
    said.next(message)
    expect(pings()).toHaveLength(1)
    pong(pings()[0])
    expect(told).toEqual(['a', 'c'])
  })

  it('keep back no more than 16 pongs that nobody waits for any more, the oldest first', () => {
    const { fences, pings, pong, heard } = fenced()
    for (let i = 0; i < 20; i += 1) fences?.raise(() => {})()
    const sent = pings()
    expect(sent).toHaveLength(20)
    for (const nonce of sent) pong(nonce)
    expect(heard).toEqual(sent.slice(0, 4))
  })
})
