import { describe, expect, it } from 'vitest'
import { embeddedNode } from '../../src/testing/index.js'
import { virtualNode } from '../support/embedded.js'

describe('a schedule', () => {
  it('mines and spends at its intervals while there are peers, and announces it', () => {
    const { node, join, time } = virtualNode({ schedule: { mine: 10_000, spend: 3_000 } })
    time.advance(60_000)
    expect([node.height, node.mempool.length]).toEqual([110, 0])
    expect(time.pending).toBe(0)

    const client = join()
    time.advance(1_000)
    // A second peer does not start it anew.
    const other = join()
    const heard = client.hears(() => time.advance(1_999))
    expect(heard).toEqual([])
    expect(client.hears(() => time.advance(1)).map(({ command }) => command)).toEqual(['inv'])
    time.advance(6_999)
    expect([node.height, node.mempool.length]).toEqual([110, 3])
    time.advance(1)
    expect([node.height, node.mempool.length]).toEqual([111, 0])
    expect(node.blocks.at(-1)?.transactions).toHaveLength(4)

    client.leave()
    time.advance(10_000)
    expect(node.height).toBe(112)
    other.leave()
    expect(time.pending).toBe(0)
    time.advance(60_000)
    expect(node.height).toBe(112)
  })

  it('starts anew with the next peer', () => {
    const { node, join, time } = virtualNode({ blocks: 0, schedule: { mine: 1_000 } })
    const first = join()
    time.advance(900)
    first.leave()
    join()
    time.advance(999)
    expect(node.height).toBe(0)
    time.advance(1)
    expect(node.height).toBe(1)
  })

  it('reorganises, and lets out what cannot be done yet', () => {
    const schedule = { reorganise: 1_000, spend: 500 }
    const { node, join, time } = virtualNode({ blocks: 0, schedule })
    join()
    time.advance(5_000)
    expect([node.height, node.mempool.length]).toEqual([0, 0])
    node.mine()
    const [, mined] = [...node.blocks]
    time.advance(1_000)
    expect(node.height).toBe(2)
    expect(node.blocks.at(1)).not.toBe(mined)
  })

  it.each([0, -1, Number.NaN])('refuses an interval of %s ms', mine => {
    expect(() => embeddedNode({ blocks: 0, schedule: { mine } })).toThrow(TypeError)
  })
})
