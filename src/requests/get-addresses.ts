import { filter, map, type Observable, pipe } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { ofCommand } from '../stream/of-command.js'
import type { List } from '../wire/list.js'
import type { TimedNetAddress } from '../wire/netaddress.js'
import { request } from './request.js'
import type { RequestOptions } from './request-options.js'

/**
 * Asks for addresses and emits the answer, `addr` or `addrv2`. A node answers once a connection, and only on those that
 * it did not open itself. A message of one address is not taken for the answer: nodes announce themselves that way.
 * `isUsableAddress` tells which to ignore. Errors as `request` does.
 */
export function getAddresses(peer: Peer, options?: RequestOptions): Observable<List<TimedNetAddress>> {
  const answer = pipe(
    ofCommand('addr', 'addrv2'),
    map(({ addresses }) => addresses),
    filter(addresses => addresses.length > 1),
  )
  return request(peer, { command: 'getaddr' }, answer, options)
}
