import { describe, expect, it } from 'vitest'
import { embeddedNode } from '../../src/testing/index.js'
import { advance, virtualNode } from '../support/embedded.js'

describe('a schedule', () => {
  it('mines and spends at its intervals while there are peers, and announces it', () => {
    const { node, join, scheduler } = virtualNode({ schedule: { mine: 10_000, spend: 3_000 } })
    advance(scheduler, 60_000)
    expect([node.height, node.mempool.length]).toEqual([110, 0])
    expect(scheduler.actions).toEqual([])

    const client = join()
    advance(scheduler, 1_000)
    // A second peer does not start it anew.
    const other = join()
    const heard = client.hears(() => advance(scheduler, 1_999))
    expect(heard).toEqual([])
    expect(client.hears(() => advance(scheduler, 1)).map(({ command }) => command)).toEqual(['inv'])
    advance(scheduler, 6_999)
    expect([node.height, node.mempool.length]).toEqual([110, 3])
    advance(scheduler, 1)
    expect([node.height, node.mempool.length]).toEqual([111, 0])
    expect(node.blocks.at(-1)?.transactions).toHaveLength(4)

    client.leave()
    advance(scheduler, 10_000)
    expect(node.height).toBe(112)
    other.leave()
    expect(scheduler.actions).toEqual([])
    advance(scheduler, 60_000)
    expect(node.height).toBe(112)
  })

  it('starts anew with the next peer', () => {
    const { node, join, scheduler } = virtualNode({ blocks: 0, schedule: { mine: 1_000 } })
    const first = join()
    advance(scheduler, 900)
    first.leave()
    join()
    advance(scheduler, 999)
    expect(node.height).toBe(0)
    advance(scheduler, 1)
    expect(node.height).toBe(1)
  })

  it('reorganises, and lets out what cannot be done yet', () => {
    const schedule = { reorganise: 1_000, spend: 500 }
    const { node, join, scheduler } = virtualNode({ blocks: 0, schedule })
    join()
    advance(scheduler, 5_000)
    expect([node.height, node.mempool.length]).toEqual([0, 0])
    node.mine()
    const [, mined] = [...node.blocks]
    advance(scheduler, 1_000)
    expect(node.height).toBe(2)
    expect(node.blocks.at(1)).not.toBe(mined)
  })

  it.each([0, -1, Number.NaN])('refuses an interval of %s ms', mine => {
    expect(() => embeddedNode({ blocks: 0, schedule: { mine } })).toThrow(TypeError)
  })
})
