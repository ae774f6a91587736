import { expect, it } from 'vitest'
import { run, type Scene } from '../../bench/hostile/attack.js'
import { broken } from '../../bench/hostile/bounds.js'

// The short form of `npm run hostile`: each of them attacks a process of its own with 128 MB of heap, which a good peer pings.

const scenes: readonly Omit<Scene, 'lasts'>[] = [
  { attack: 'pings', count: 1, direction: 'inbound', policy: 'btcd' },

  { attack: 'mixed', count: 8, direction: 'outbound', policy: 'core' },
  { attack: 'getdata-read', count: 1, direction: 'outbound', policy: 'btcd' },
  { attack: 'unknown', count: 8, direction: 'inbound', policy: 'core' },
]

it.each(scenes)(
  '$attack of $count, $direction, $policy: all lives, and no bound is broken',
  async scene => {
    expect(broken(scene, await run({ ...scene, lasts: 2_000 }))).toEqual([])
  },
  120_000,
)
