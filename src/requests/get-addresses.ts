import type { Observable } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import type { List } from '../wire/list.js'
import type { TimedNetAddress } from '../wire/netaddress.js'
import { inquire } from './engine/inquire.js'
import { patience, type RequestOptions } from './request-options.js'

/**
 * ms to wait. Core sends addresses on a timer of its own, 30 s on average and exponential (`AVG_ADDRESS_BROADCAST_INTERVAL`):
 * a third of its answers take longer than that, and one in 22,000 than ten times as much, after which Core gives up too.
 */
const ADDRESSES_TIMEOUT = 300_000
/** Most addresses of a message that is relayed (Core), at its arrival. */
const MAX_RELAYED = 10
/** Seconds for which an address is relayed since it was seen (Core), at its arrival. */
const FRESH = 600

/**
 * Asks for addresses and emits the answer, `addr` or `addrv2`. A node answers once a connection, and only on those that
 * it did not open itself. `isUsableAddress` tells which to ignore.
 *
 * Nodes also tell addresses unasked, and Core sends both on a timer, so that no ping tells them apart. What can be known:
 * a single address is how a node announces itself, and never the answer. Those that are passed on are at most ten, and
 * all seen within the last ten minutes; an address book holds older ones. So more than ten, or an older one among them,
 * is the answer. Two to ten that are all new may be either: they are emitted when nothing better has come within the
 * timeout. Whatever it is, it goes to `messages$` and `on()` too.
 *
 * Errors as `request` does, after 5 minutes by default.
 */
export function getAddresses(peer: Peer, options: RequestOptions = {}): Observable<List<TimedNetAddress>> {
  const asking = patience(options, ADDRESSES_TIMEOUT)
  return inquire(peer, asking, [], () => {
    const { clock } = channelOf(peer)
    let doubtful: List<TimedNetAddress> | undefined
    const isRelayed = (addresses: List<TimedNetAddress>) => {
      const since = clock.epoch() / 1_000 - FRESH
      return addresses.length <= MAX_RELAYED && Array.from(addresses).every(({ time }) => time > since)
    }
    return {
      question: () => ({ command: 'getaddr' }),
      answer: message => {
        if (message.command !== 'addr' && message.command !== 'addrv2') return undefined
        const { addresses } = message
        if (addresses.length < 2) return undefined
        if (!isRelayed(addresses)) return { take: 'shared', value: addresses }
        // By itself: it may wait for minutes, and must not keep the chunk that it came in.
        doubtful ??= Array.from(addresses, one => ({ ...one, address: one.address.slice() }))
        return undefined
      },
      otherwise: () => doubtful,
    }
  })
}
