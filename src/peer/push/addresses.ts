import { type Random, randomBelow } from '../../stream/environment.js'
import { MAX_ADDR } from '../../wire/limits.js'
import type { Message } from '../../wire/messages.js'
import type { TimedNetAddress } from '../../wire/netaddress.js'

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

/** Sends at most 1000 of the addresses in one message and returns those; nothing is sent where there are none. */
export function pushAddresses(
  command: 'addr' | 'addrv2',
  addresses: readonly TimedNetAddress[],
  random: Random,
  send: (message: Message) => unknown,
): readonly TimedNetAddress[] {
  const chosen = choose(addresses, MAX_ADDR, random)
  if (chosen.length > 0) send({ command, addresses: chosen })
  return chosen
}
