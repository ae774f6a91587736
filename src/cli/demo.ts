import { assertMineable } from '../testing/mining.js'
import { type Network, regtest } from '../wire/network.js'
import type { Command } from './command.js'
import { UsageError } from './usage.js'

/** How long the demo takes where `--for` says nothing, ms. */
const DURATION = 8_000

function requireEasy({ name, genesis }: Network): void {
  try {
    assertMineable(name, genesis.bits)
  } catch {
    throw new UsageError(`the demo mines its own blocks, which is too hard on ${name}; try regtest`)
  }
}

export const demo: Command = {
  direction: 'outbound',
  summary: 'watch an embedded regtest node mine and spend for some seconds',
  operands: [],
  options: [],
  details: [
    'Needs nothing but this machine: the node mines its chain on the spot, listens on a free loopback port, and a',
    `client watches it over TCP. Ends by itself after ${DURATION / 1000} seconds.`,
  ],
  prepare: settings => {
    const { network = regtest } = settings
    requireEasy(network)
    return async () => {
      const { playDemo } = await import('./play-demo.js')
      return stage => playDemo(network, settings.for === undefined ? DURATION : undefined, stage)
    }
  },
}
