import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { weightOf } from '../../src/peer/weight.js'
import { MESSAGE_COST } from '../../src/stream/ledger.js'
import { objectsOf } from '../../src/stream/objects.js'
import { buildAddress } from '../../src/testing/build.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const ADDRESSES = 1_000
/** Bytes of a frame of them. */
const FRAME = 24 + 3 + 30 * ADDRESSES
const addr: Message = {
  command: 'addr',
  addresses: Array.from({ length: ADDRESSES }, (_, i) => buildAddress(`1.2.${i >> 8}.${i & 0xff}`)),
}

describe('what a message weighs', () => {
  it('is its frame, and where it answers itself too, with its objects', () => {
    expect(weightOf(addr, FRAME, 'send')).toBe(FRAME + MESSAGE_COST)
    expect(weightOf(addr, FRAME, 'reply')).toBe(2 * FRAME + MESSAGE_COST + objectsOf(addr))
    expect(objectsOf(addr)).toBeGreaterThanOrEqual(200 * ADDRESSES)
  })

  it('is no more than its frame where it has nothing but numbers', () => {
    expect(weightOf({ command: 'pong', nonce: 7n }, 32, 'reply')).toBe(32 + MESSAGE_COST)
  })
})

describe('answers that a behavior makes before there is room for them', () => {
  const ASKED = 200
  const MARK = 1_000_000
  const largest = weightOf(addr, FRAME, 'reply')

  it('make the remote wait for what they take, and not for what its questions take', () => {
    let made = 0
    const serve: Behavior = ({ on }) =>
      on('getaddr').pipe(
        map(() => {
          made += 1
          return addr
        }),
      )
    const untaken: (() => void)[] = []
    const { said, peer, written } = converse(
      { behaviors: { serve } },
      { taking: taken => void untaken.push(taken) },
    )
    for (let taken = untaken.shift(); taken !== undefined; taken = untaken.shift()) taken()
    for (let i = 0; i < ASKED; i += 1) said.next(frameOf({ command: 'getaddr' }))
    const { reply, question } = peer.stats().memory
    expect(reply).toBeGreaterThanOrEqual(MARK)
    expect(reply).toBeLessThan(MARK + largest)
    expect(question).toBeGreaterThan(MARK)
    expect(question).toBeLessThan(MARK + 2 * largest)
    // Nobody was asked who would have to keep the answer.
    expect(made).toBeLessThan((2 * MARK) / largest + 3)
    for (let taken = untaken.shift(); taken !== undefined; taken = untaken.shift()) taken()
    expect(made).toBe(ASKED)
    expect(written.filter(({ command }) => command === 'addr')).toHaveLength(ASKED)
    expect(peer.stats().memory).toMatchObject({ reply: 0, question: 0 })
  })
})
