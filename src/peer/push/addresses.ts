import { type Random, randomBelow } from '../../stream/environment.js'
import { MAX_ADDR } from '../../wire/limits.js'
import type { TimedNetAddress } from '../../wire/netaddress.js'
import { channelOf } from '../face.js'
import type { Peer } from '../peer.js'

/**
 * At most `limit` of the items: all of them in their order where they are few enough, else a random choice without
 * repeats. The given array is not touched.
 */
export function choose<T>(items: readonly T[], limit: number, random: Random): readonly T[] {
  if (items.length <= limit) return items
  const shuffled = [...items]
  // Fisher and Yates, as far as needed.
  for (let i = 0; i < limit; i += 1) {
    const j = i + randomBelow(random, shuffled.length - i)
    const [a, b] = [shuffled[i]!, shuffled[j]!]
    shuffled[i] = b
    shuffled[j] = a
  }
  return shuffled.slice(0, limit)
}

/**
 * Sends `addr`: all addresses in their order, or 1000 of them at random. Nothing is sent for none.
 * @returns the addresses that were sent
 * @throws WireError for addresses that have no form in `addr`, such as Tor v3
 */
export function pushAddr(peer: Peer, addresses: readonly TimedNetAddress[]): readonly TimedNetAddress[] {
  return push(peer, 'addr', addresses)
}

/** The same as `addrv2` (BIP155), for remotes with `features.addrV2`. */
export function pushAddrV2(peer: Peer, addresses: readonly TimedNetAddress[]): readonly TimedNetAddress[] {
  return push(peer, 'addrv2', addresses)
}

function push(
  peer: Peer,
  command: 'addr' | 'addrv2',
  addresses: readonly TimedNetAddress[],
): readonly TimedNetAddress[] {
  const chosen = choose(addresses, MAX_ADDR, channelOf(peer).random)
  if (chosen.length > 0) peer.send({ command, addresses: chosen })
  return chosen
}
